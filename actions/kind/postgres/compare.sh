# compare holds the databases of a server against the dump in $FROM, and says
# level and proof. With strict a difference is the end.
# shellcheck shell=sh disable=SC2154

compare_one() {
    databases=$((databases + 1))
    if [ ! -e "$FROM/$n.rows" ]; then
        [ "$(sql -d "$(connection "$name")" -c 'select 1')" = 1 ] || die "$name does not answer"
        unsummed=$((unsummed + 1))
        return 0
    fi
    printf '%s\n' "$rows" | sql -d "$(connection "$name")" -F "$tab" -f - >"$tmp/rows" || die "the tables of $name cannot be read"
    tables=$((tables + $(wc -l <"$FROM/$n.rows")))
    counted=$(awk -F "$tab" '{ s += $2 } END { printf "%.0f", s }' "$FROM/$n.rows")
    total=$((total + counted))
    gone=$(awk -F "$tab" 'NR == FNR { have[$1]; next } !($1 in have) { print $1; exit }' "$tmp/rows" "$FROM/$n.rows")
    [ -z "$gone" ] || die "table $gone of $name is not there"
    if ! cmp -s "$FROM/$n.rows" "$tmp/rows"; then
        other=$(awk -F "$tab" 'NR == FNR { have[$0]; next } !($0 in have) { print $1; exit }' "$tmp/rows" "$FROM/$n.rows")
        differs="$name: ${other:-a table}"
    fi
}

compare() {
    databases=0 tables=0 total=0 unsummed=0 differs=
    each compare_one || exit 1
    if [ -n "$differs" ]; then
        [ "${1-}" != strict ] || die "the rows of $differs are not those of the copy"
        printf '@level answered\n@proof %s databases answer; the rows of %s are not those of the copy: it is written to\n' "$databases" "$differs"
    elif [ "$tables" -gt 0 ] && [ "$unsummed" = 0 ]; then
        printf '@level data-checked\n@proof %s databases, %s tables, %s rows: counts and sums are those of the copy\n' "$databases" "$tables" "$total"
    else
        printf '@level answered\n@proof %s databases answer, %s tables are those of the copy\n' "$databases" "$tables"
    fi
}

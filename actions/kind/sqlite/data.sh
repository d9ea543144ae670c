# What copying and bringing back have in common. A dump is a folder:
#
#   files                 a line each: its number, mode, owner, group and path
#   N.db                  the database
#   N.rows                count of every table, of the same moment
#   N.sum                 a sum of all that is in it, where the client has one
#   whole                 written last: without it there is no dump
# shellcheck shell=sh disable=SC2034,SC2154

# each runs a function for every database of the dump in $FROM, with $n, $mode,
# $owner, $group and $f.
each() {
    while read -r n mode owner group f <&3; do
        "$1" || return 1
    done 3<"$FROM/files"
}

# whole ends it unless $FROM holds a dump of ours that was finished.
whole() {
    [ -f "$FROM/whole" ] || die "$FROM holds no whole dump of SQLite"
    each is_there || exit 1
}
is_there() {
    if [ ! -s "$FROM/$n.db" ] || [ ! -f "$FROM/$n.rows" ]; then
        die "$FROM/$n.db is not there"
    fi
}

# sound ends it unless a database is whole: what is said is read, as the client
# ends with 0 whatever it finds.
sound() {
    said=$("$client" -batch -bail -cmd '.timeout 10000' ${2:+"$2"} "$1" 'pragma integrity_check(3)' 2>&1)
    if [ "$said" != ok ] && [ -n "${2-}" ] && [ -s "$1-journal" ]; then
        die "$1 cannot be judged: whoever wrote to it was cut off, and what was half done is to be rolled back yet; start what uses it"
    fi
    [ "$said" = ok ] || die "$1 is not whole: $(printf '%s' "$said" | tr '\n' ' ' | cut -c 1-300)"
}

# rows prints the count of each table of a database.
rows() {
    if ! read_only "$1" "$counts" >"$tmp/counts" 2>"$tmp/err" || ! read_only "$1" <"$tmp/counts" >"$2" 2>"$tmp/err"; then
        die "the tables of $1 cannot be counted: $(tail -n 1 "$tmp/err")"
    fi
}

# sum prints a sum of all that is in a database, nothing where the client has
# none, or cannot read all of it: functions of the application's own.
sum() {
    read_only "$1" .sha3sum 2>/dev/null | grep -xE '[0-9a-f]{56,}'
}

# judge holds a database against that of the dump and adds to what is said of
# all of them. A difference ends it with strict.
judge() {
    rows "$1" "$tmp/rows"
    files=$((files + 1))
    tables=$((tables + $(wc -l <"$FROM/$n.rows")))
    counted=$(awk -F '|' '{ s += $NF } END { printf "%.0f", s }' "$FROM/$n.rows")
    total=$((total + counted))
    if ! cmp -s "$FROM/$n.rows" "$tmp/rows"; then
        other=$(awk 'NR == FNR { have[$0]; next } !($0 in have) { sub(/\|[0-9]*$/, ""); print; exit }' "$tmp/rows" "$FROM/$n.rows")
        differs="$f: ${other:-a table}"
    elif [ ! -s "$FROM/$n.sum" ]; then
        unsummed=$((unsummed + 1))
    elif [ "$(sum "$1")" != "$(cat "$FROM/$n.sum")" ]; then
        differs=$f
    fi
    [ -z "$differs" ] || [ "${2-}" != strict ] || die "the rows of $differs are not those of the copy"
}

verdict() {
    if [ -n "$differs" ]; then
        printf '@level answered\n@proof %s files are whole; the rows of %s are not those of the copy: it is written to\n' "$files" "$differs"
    elif [ "$unsummed" -gt 0 ]; then
        printf '@level answered\n@proof %s files, %s tables, %s rows: whole, and counts are those of the copy\n' "$files" "$tables" "$total"
    else
        printf '@level data-checked\n@proof %s files, %s tables, %s rows: whole, counts and sums are those of the copy\n' "$files" "$tables" "$total"
    fi
}
PATIENCE=10000
files=0 tables=0 total=0 unsummed=0 differs=

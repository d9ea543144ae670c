# Copies $PATHS. Says @copy, @bytes and @files, @partial when not all was read.
# Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

ready
[ "$LOCAL" != yes ] || outside "$REPOSITORY" "$@"

[ "$INIT" = no ] || make_it

# say tells of the copy that this run has made. It ends with 1 when there is
# none.
say() {
    found >"$tmp/found" || die "$(why "$?")"
    read -r copy _ bytes files sort _ <"$tmp/found" || return 1
    printf '@copy %s\n@bytes %s\n@files %s\n' "$copy" "$bytes" "$files"
    [ "$sort" != partial ] || printf '@partial %s\n' "${partial:-not everything could be read}"
}

# An attempt that was cut off may have made it.
partial=
if say; then
    exit 0
fi
part=$label.$RUN
if awk -v name="$part" '$1 == name { found = 1 } END { exit !found }' "$tmp/all"; then
    # Cut off before it was known how it ended. What it holds is not sent again.
    ask delete "::$part" || die "$(why "$?")"
fi

ask create --json --compression "$COMPRESSION" "::$part" -- "$@" >"$tmp/out"
code=$?
case $code in
0) ;;
1)
    count=$(grep -c . "$tmp/err")
    partial="$count could not be read as they were${count:+: $(head -n 1 "$tmp/err")}"
    ;;
*) die "$(why "$code")" ;;
esac
if [ -n "$absent" ]; then
    partial="${partial:+$partial; }not there: $(printf '%s' "$absent" | tr '\n' ' ' | sed 's/ $//')"
fi
# What create says of the size counts what borg itself has added.
ask info --json "::$part" >"$tmp/info" || die "borg ended with $code, and its archive cannot be looked at: $(why "$?")"
flat <"$tmp/info" >"$tmp/flat" || die "borg ended with $code, and what it says of its archive is no JSON, or half of it"
number() { awk -F '\t' -v key=".archives.0.stats.$1" '$1 == key && $2 ~ /^[0-9]+$/ { print $2 }' "$tmp/flat"; }
bytes=$(number original_size) files=$(number nfiles)
case $bytes/$files in
/* | */) die "borg ended with $code and does not say what it has copied" ;;
esac
ask rename "::$part" "$part.${bytes}b.${files}f${partial:+.partial}" || die "the copy was made and could not be marked as one: $(why "$?")"
say || die "borg ended with $code, and the repository lists no copy of this run"

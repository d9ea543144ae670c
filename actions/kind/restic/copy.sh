# Copies $PATHS. Says @copy, @bytes and @files, @partial when not all was read.
# Inputs besides: TAG, RUN, APPEND_ONLY (yes or no).
# shellcheck shell=sh disable=SC2154

ready
[ "$LOCAL" != yes ] || outside "$REPOSITORY" "$@"

[ "$INIT" = no ] || make_it

# say tells of the copy that this run has made, of the paths that it is given.
# It ends with 1 when there is none.
say() {
    found >"$tmp/found" || die "$(why "$?")"
    read -r copy _ size number sort _ <"$tmp/found" || return 1
    if [ "$size" != - ]; then
        bytes=$size files=$number
    elif [ -z "$bytes" ]; then
        measured=$(measure "$@")
        bytes=${measured#* } files=${measured% *}
    fi
    printf '@copy %s\n@bytes %s\n@files %s\n' "$copy" "$bytes" "$files"
    [ "$sort" != partial ] || partial=${partial:-not everything could be read}
    [ -z "$partial" ] || printf '@partial %s\n' "$partial"
}

# An attempt that was cut off may have made it.
partial='' bytes='' files=''
if say "$@"; then
    exit 0
fi

ask backup --json --quiet --host "$ORIGIN" --tag "backup=$TAG" --tag "run=$RUN" -- "$@" >"$tmp/out"
code=$?
case $code in
0) ;;
3)
    count=$(grep -c '"message_type":"error"' "$tmp/err" "$tmp/out" | awk -F : '{ n += $NF } END { print n + 0 }')
    first=$(cat "$tmp/err" "$tmp/out" | sed -n '/"message_type":"error"/s/.*"item":"\([^"]*\)".*/\1/p' | head -n 1)
    partial="$count could not be read${first:+: $first}"
    ;;
*) die "$(why "$code")" ;;
esac
number() { sed -n "/\"message_type\":\"summary\"/s/.*\"$1\":\([0-9]*\).*/\1/p" "$tmp/out" | tail -n 1; }
bytes=$(number total_bytes_processed) files=$(number total_files_processed)
[ -n "$bytes$files" ] || die "restic ended with $code and did not say what it has copied"
if [ -n "$absent" ]; then
    partial="${partial:+$partial; }not there: $(printf '%s' "$absent" | tr '\n' ' ' | sed 's/ $//')"
fi
if [ -n "$partial" ] && [ "$APPEND_ONLY" != yes ]; then
    # Marked in the repository itself, so that it is never counted as complete.
    # This gives the copy another id.
    ask tag --add partial --tag "backup=$TAG,run=$RUN" >/dev/null || die "the copy is partial ($partial) and could not be marked so: $(why "$?")"
fi
say "$@" || die "restic ended with $code, and the repository lists no copy of this run"

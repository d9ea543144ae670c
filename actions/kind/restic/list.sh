# Says the copies of $TAG, the newest first: @copy-N ID UNIX-TIME BYTES FILES
# and, behind those, complete or partial and the run that made it; - for what is
# not known.
# shellcheck shell=sh disable=SC2154

ready
copies >"$tmp/copies" || die "$(why "$?")"

# Before 0.17 the size of each copy has to be asked for, which takes as long as
# reading the index: of those that the newest is judged by.
n=0
while read -r id time bytes files rest; do
    n=$((n + 1))
    if [ "$bytes" = - ] && [ "$n" -le 6 ] && once stats --json --no-lock --mode restore-size "$id" >"$tmp/stats"; then
        bytes=$(sed -n 's/.*"total_size":\([0-9]*\).*/\1/p' "$tmp/stats")
    fi
    printf '@copy-%s %s %s %s %s %s\n' "$n" "$id" "$time" "${bytes:--}" "$files" "$rest"
done <"$tmp/copies"

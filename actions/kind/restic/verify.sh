# Reads all data of the copy $COPY back and says @level. "restic check" reads no
# data, and finds nothing wrong with a damaged pack; dump fetches every blob of
# this copy and compares its hash. Without the cache: that would answer for what
# the repository has lost.
# shellcheck shell=sh disable=SC2154

ready
{
    ask dump --no-cache "$COPY" /
    echo "$?" >"$tmp/code"
} | wc -c >"$tmp/read"
code=$(cat "$tmp/code")
[ "$code" = 0 ] || die "the copy $COPY cannot be read: $(why "$code")"
# restic 0.14 ends with 0 when a blob is damaged: it complains, and stops short.
bad=$(grep -iE -m 1 'cannot dump|failed|error|damaged' "$tmp/err")
[ -z "$bad" ] || die "the copy $COPY cannot be read: $bad"
ask stats --json --mode restore-size "$COPY" >"$tmp/stats" || die "the size of the copy $COPY is not known: $(why "$?")"
size=$(sed -n 's/.*"total_size":\([0-9]*\).*/\1/p' "$tmp/stats")
awk -v size="$size" '{ exit !(size != "" && $1 + 0 >= size + 0) }' "$tmp/read" ||
    die "the copy $COPY is not whole: of ${size:-unknown} bytes $(tr -d ' ' <"$tmp/read") came back"
echo '@level readable'

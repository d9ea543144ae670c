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
[ "$code" = 0 ] || broken unread "$code"
# restic 0.14 ends with 0 when a blob is damaged: it complains, and stops short.
# Of a tree it does not even complain.
! grep -qiE 'cannot dump|failed|error|damaged' "$tmp/err" || broken unread 1
ask stats --json --no-cache --mode restore-size "$COPY" >"$tmp/stats" || broken unread "$?"
size=$(sed -n 's/.*"total_size":\([0-9]*\).*/\1/p' "$tmp/stats")
awk -v size="$size" '{ exit !(size != "" && $1 + 0 >= size + 0) }' "$tmp/read" ||
    unread "of ${size:-unknown} bytes $(tr -d ' ' <"$tmp/read") came back"
echo '@level readable'

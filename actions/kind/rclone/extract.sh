# Writes the copy $COPY below $INTO, compares its sum on the way, and says
# @files and @bytes.
# shellcheck shell=sh disable=SC2154

right
if fresh; then
    mkfifo "$tmp/pipe" || exit 1
    sum <"$tmp/pipe" >"$tmp/sum" &
    {
        once cat "$there/$COPY"
        echo "$?" >"$tmp/cat.code"
    } | tee "$tmp/pipe" | unpack "$COPY" || exit 1
    wait
    judge die
fi
whole

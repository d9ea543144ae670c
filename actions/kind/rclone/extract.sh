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
    code=$(cat "$tmp/cat.code")
    [ "$code" = 0 ] || die "$(why "$code")"
    [ "$(cat "$tmp/sum")" = "$right" ] || damaged "the copy $COPY is damaged: its sum is not that of its making"
fi
whole

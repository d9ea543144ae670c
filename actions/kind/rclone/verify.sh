# Fetches the copy $COPY and compares its sum. Says @level.
# shellcheck shell=sh disable=SC2154

right
{
    once cat "$there/$COPY"
    echo "$?" >"$tmp/cat.code"
} | sum >"$tmp/sum"
code=$(cat "$tmp/cat.code")
[ "$code" = 0 ] || die "$(why "$code")"
[ "$(cat "$tmp/sum")" = "$right" ] || die "the copy $COPY is damaged: its sum is not that of its making"
echo '@level readable'

# Fetches the copy $COPY and compares its sum. Says @level.
# shellcheck shell=sh disable=SC2154

right
{
    once cat "$there/$COPY"
    echo "$?" >"$tmp/cat.code"
} | sum >"$tmp/sum"
judge unread
echo '@level readable'

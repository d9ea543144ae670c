# Reads the copy $COPY: its sum, and the archive to its end. Says @level.
# shellcheck shell=sh disable=SC2154

ready
check
how=$(unpacker "$COPY") || exit 1
$how <"$there/$COPY" | tar -tf - >"$tmp/list" 2>"$tmp/err" || unread "its sum is that of its making, and tar does not read it to its end: $(tail -n 1 "$tmp/err")"
[ -s "$tmp/list" ] || damaged "the copy $COPY is empty"
echo '@level readable'

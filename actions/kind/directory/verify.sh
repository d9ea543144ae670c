# Reads the copy $COPY: its sum, and the archive to its end. Says @level.
# shellcheck shell=sh disable=SC2154

ready
check
how=$(unpacker "$COPY") || exit 1
$how <"$there/$COPY" | tar -tf - >"$tmp/list" 2>"$tmp/err" || die "the copy $COPY is no whole archive: $(tail -n 1 "$tmp/err")"
[ -s "$tmp/list" ] || die "the copy $COPY is empty"
echo '@level readable'

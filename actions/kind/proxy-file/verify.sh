# Exit 0 when the file is what it is to be, and the user's proof holds. Input:
# PROOF (a line of shell; may be empty).
# shellcheck shell=sh disable=SC2154
[ "$(content)" = "$(cat "$FILE")" ] || die "$FILE does not lead to $TO"
if [ -n "$PROOF" ]; then
    export TO TO_ADDRESS
    /bin/sh -c "$PROOF" || die "the proof does not hold: $PROOF"
fi

# Makes this host the one that runs the unit: its shares are mounted, and to be
# written, before it starts. It starts by itself from now on if it did where it
# was.
# shellcheck shell=sh disable=SC2154
known
keep_at "moved-$UNIT"
each_share share_mount || exit 1
if [ "${SAID_ENABLED-}" = yes ] || { [ -e "$held" ] && [ "$(cat "$held")" = enabled ]; }; then
    systemctl enable "$UNIT" </dev/null 2>/dev/null || die "$UNIT cannot be made to start by itself"
fi
unit_start
rm -f "$held"

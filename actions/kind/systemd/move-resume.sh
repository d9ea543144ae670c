# Undoes move-stop.sh.
# shellcheck shell=sh disable=SC2154
known
keep_at "moved-$UNIT"
each_share share_mount || exit 1
if [ -e "$held" ] && [ "$(cat "$held")" = enabled ]; then
    systemctl enable "$UNIT" </dev/null 2>/dev/null || die "$UNIT cannot be made to start by itself"
fi
unit_start
rm -f "$held"

# Undoes move-stop.sh.
# Inputs: START, ACTIVE, SHARES.
# shellcheck shell=sh disable=SC2154
each_share share_mount || exit 1
sh -c "$ACTIVE" >/dev/null 2>&1 </dev/null || line start "$START"
keep_at "moved-$TARGET"
rm -f "$held"

# Makes this host a standby: it is stopped here, and its shares are unmounted.
# Inputs: STOP, ACTIVE, SHARES.
# shellcheck shell=sh disable=SC2154
line stop "$STOP"
sh -c "$ACTIVE" >/dev/null 2>&1 </dev/null
code=$?
[ "$code" = 1 ] || die "stop ended with 0, and active does not say that it is stopped (it ended with $code)"
each_share share_unmount || exit 1
keep_at "moved-$TARGET"
rm -f "$held"

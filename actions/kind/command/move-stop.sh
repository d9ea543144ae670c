# Takes it down on this host by the user's line of shell, and unmounts its
# shares. Inputs: STOP, ACTIVE, SHARES.
# shellcheck shell=sh disable=SC2154
keep_at "moved-$TARGET"
: >"$held" || exit 1
line stop "$STOP"
sh -c "$ACTIVE" >/dev/null 2>&1 </dev/null
code=$?
[ "$code" = 1 ] || die "stop ended with 0, and active does not say that it is stopped (it ended with $code)"
sync
each_share share_unmount

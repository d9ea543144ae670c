# Says what part this host plays: active as the user's line of shell says.
# Inputs: ACTIVE, SHARES.
# shellcheck shell=sh disable=SC2154
each_share share_could || exit 1
keep_at "moved-$TARGET"
sh -c "$ACTIVE" >/dev/null 2>&1 </dev/null
case $? in
0) echo '@role active' ;;
1) if [ -e "$held" ]; then echo '@role stopped'; else echo '@role standby'; fi ;;
*) trouble "active, which the inventory gives, ended neither with 0 nor with 1" ;;
esac

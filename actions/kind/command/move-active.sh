# Exit 0 when it is active here with its shares, 1 when not, 2 when that is not
# known. Inputs: ACTIVE, SHARES.
# shellcheck shell=sh disable=SC2154
sh -c "$ACTIVE" </dev/null
case $? in
0) each_share share_is || { echo "it runs without its shares" >&2 && exit 2; } ;;
1) exit 1 ;;
*) echo "active, which the inventory gives, ended neither with 0 nor with 1" >&2 && exit 2 ;;
esac

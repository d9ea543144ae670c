# Exit 0 when the unit runs here with its shares, 1 when it does not run, 2 when
# that is not known.
# shellcheck shell=sh disable=SC2154
loaded=$(property LoadState)
case $loaded in
loaded) ;;
not-found) exit 1 ;;
*) echo "systemd does not say what $UNIT is" >&2 && exit 2 ;;
esac
case $(property ActiveState) in
active)
    each_share share_is || { echo "$UNIT runs without its shares" >&2 && exit 2; }
    exit 0
    ;;
inactive | failed) exit 1 ;;
*) echo "$UNIT is $(property ActiveState)" >&2 && exit 2 ;;
esac

# Exit 0 when the guest runs on this node, 1 when it does not, 2 when that is not
# known.
# shellcheck shell=sh disable=SC2154
who=$(owner) || exit 2
[ "$who" = "$me" ] || exit 1
is=$(status) || exit 2
case $is in
running) exit 0 ;;
stopped) exit 1 ;;
*) echo "guest $GUEST is $is" >&2 && exit 2 ;;
esac

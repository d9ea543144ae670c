# Makes this node one that could take the guest again: it is of the cluster, and
# the guest is neither its own nor left running here.
# shellcheck shell=sh disable=SC2154
quorum || die 'this node is of no cluster with quorum yet (pvecm status)'
who=$(owner) || exit 1
[ "$who" != "$me" ] || die "guest $GUEST is on this node"
left=${JURYMAST_ROOT-}/run/qemu-server/$GUEST.pid
if [ "$TOOL" = qm ] && [ -e "$left" ] && kill -0 "$(cat "$left")" 2>/dev/null; then
    die "guest $GUEST is $who's, and was left running here: process $(cat "$left")"
fi
if [ "$TOOL" = pct ] && lxc-info -n "$GUEST" -sH 2>/dev/null | grep -q RUNNING; then
    die "guest $GUEST is $who's, and was left running here: lxc-stop -n $GUEST"
fi
rm -f "$held"

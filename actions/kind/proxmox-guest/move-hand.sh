# Has the cluster hand the guest over to the node $SAID_NODE: a virtual machine
# as it runs, a container by shutting it down here and starting it there. Says
# @downtime, where the tool does. What the tool says of itself does not count: the
# guest has to be there.
# shellcheck shell=sh disable=SC2154
quorum || die 'the cluster has no quorum: nothing can be moved (pvecm status)'
! managed || die "HA manages $SID: use ha-manager crm-command migrate"
node=${SAID_NODE:?it is not known what the cluster calls the other node}
settle
who=$(owner) || exit 1
[ "$who" != "$node" ] || exit 0 # it was handed over already
[ "$who" = "$me" ] || die "guest $GUEST is on $who by now, and not on $me"
is=$(status) || exit 1
[ "$is" = running ] || die "guest $GUEST is $is, and cannot be handed over as it runs"
set -- --online
if [ "$TOOL" = pct ]; then
    set -- --restart --timeout "$WAIT"
elif [ "$DISKS" = replicated ]; then
    # What the replica lacks goes along.
    set -- --online --with-local-disks
fi
said=$(timeout "$LIMIT" "$TOOL" migrate "$GUEST" "$node" "$@" 2>&1 </dev/null)
code=$?
printf '%s\n' "$said" | tail -n 40
printf '%s\n' "$said" | sed -n 's/.* - downtime \([0-9][0-9]* ms\).*/@downtime \1/p' | tail -n 1
settle
who=$(owner) || exit 1
[ "$who" = "$node" ] || die "$who did not hand guest $GUEST over to $node (exit $code): $(printf '%s\n' "$said" | grep -v '^$' | grep -v 'migration aborted' | tail -n 1)"

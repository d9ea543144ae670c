# Sees that this node can take the guest, and says what the cluster calls it:
# @node.
# shellcheck shell=sh disable=SC2154
quorum || die 'the cluster has no quorum: nothing can be moved (pvecm status)'
! managed || die "HA manages $SID: use ha-manager crm-command migrate"
who=$(owner) || exit 1
[ "$who" = "$me" ] || online "$who" || die "the cluster does not see $who: nothing can be handed over"
printf '@node %s\n' "$me"

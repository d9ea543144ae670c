# Exit 0 when the node that owns the guest sees it stopped.
# shellcheck shell=sh disable=SC2154
is=$(status) || exit 1
[ "$is" = stopped ] || die "guest $GUEST is $is"
if managed && ! timeout 60 ha-manager config "$SID" 2>/dev/null | grep -q 'state stopped'; then
    die "guest $GUEST is stopped, and HA would start it again"
fi

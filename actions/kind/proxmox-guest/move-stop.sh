# Shuts the guest down on its node, and keeps it from starting with that node.
# Says @onboot: what it was. It is never cut off here: that is for a fence.
# shellcheck shell=sh disable=SC2154
quorum || die 'the cluster has no quorum: nothing can be changed (pvecm status)'
who=$(owner) || exit 1
if [ "$who" != "$me" ]; then
    # It was handed over already.
    [ -e "$held" ] || die "guest $GUEST is on $who and not on $me"
else
    ! managed || die "HA manages $SID, and would start it again"
    if [ ! -e "$held" ]; then
        mkdir -p "${held%/*}" || exit 1
        boot=$(setting onboot)
        echo "${boot:-0}" >"$held.part" && flush "$held.part" && mv "$held.part" "$held" || exit 1
    fi
    timeout 60 "$TOOL" set "$GUEST" --onboot 0 >/dev/null || die "guest $GUEST cannot be kept from starting with its node"
    is=$(status) || exit 1
    [ "$is" = stopped ] || timeout $((WAIT + 60)) "$TOOL" shutdown "$GUEST" --timeout "$WAIT" </dev/null || true
    is=$(status) || exit 1
    [ "$is" = stopped ] || die "guest $GUEST does not shut down within $WAIT s: its status is $is"
fi
echo "@onboot $(cat "$held")"

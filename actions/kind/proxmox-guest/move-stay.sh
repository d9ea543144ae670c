# Sees that the guest runs on this node as it did: a migration that did not come
# to its end leaves it there.
# shellcheck shell=sh disable=SC2154
settle
who=$(owner) || exit 1
[ "$who" = "$me" ] || die "guest $GUEST is on $who by now and not on $me"
if [ "$TOOL" = pct ]; then
    start # its migration shuts it down first
fi
is=$(status) || exit 1
[ "$is" = running ] || die "guest $GUEST is still on $me, and is $is"

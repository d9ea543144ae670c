# Undoes move-stop.sh: the guest runs on this node, and starts with it again if
# it did.
# shellcheck shell=sh disable=SC2154
who=$(owner) || exit 1
[ "$who" = "$me" ] || die "guest $GUEST is on $who by now and not on $me"
if [ -e "$held" ] && [ "$(cat "$held")" = 1 ]; then
    timeout 60 "$TOOL" set "$GUEST" --onboot 1 >/dev/null || die "guest $GUEST cannot be let start with its node"
fi
start
rm -f "$held"

# Proves that the guest runs on this node: its agent answers, where it has one.
# shellcheck shell=sh disable=SC2154
who=$(owner) || exit 1
[ "$who" = "$me" ] || die "guest $GUEST is on $who and not on $me"
is=$(status) || exit 1
[ "$is" = running ] || die "guest $GUEST is $is"
proof="guest $GUEST runs on $me"
if [ "$TOOL" = qm ] && setting agent | grep -q -e ^1 -e enabled=1; then
    until=$(($(date +%s) + WAIT))
    until timeout 30 qm guest cmd "$GUEST" ping >/dev/null 2>&1 </dev/null; do
        [ "$(date +%s)" -lt "$until" ] || die "guest $GUEST runs, and its agent does not answer within $WAIT s"
        sleep 1
    done
    proof="$proof, and its agent answers"
fi
printf '@proof %s\n' "$proof"

# Takes the address when this host is to have it, else gives it away.
# shellcheck shell=sh disable=SC2154
if [ -n "$FLAG" ]; then
    # keepalived decides; the file tells it that this host is not wanted.
    if [ "$TO" = "$HERE" ]; then
        rm -f "$FLAG"
    else
        : >"$FLAG"
    fi || die "$FLAG cannot be changed"
    exit 0
fi
if [ "$TO" != "$HERE" ]; then
    ! held || ip addr del "$FLOATING" dev "$DEVICE" || die "$bare cannot be given away"
    exit 0
fi
if ! held; then
    case $bare in
    *:*) ;;
    *)
        # Somebody who still has it would go on answering.
        tries=0
        until arping -q -D -c 2 -w 3 -I "$DEVICE" "$bare" >/dev/null 2>&1; do
            tries=$((tries + 1))
            [ "$tries" -lt 5 ] || die "another host still has $bare: $(arping -D -c 1 -w 2 -I "$DEVICE" "$bare" 2>&1 | grep -i reply | head -n 1)"
        done
        ;;
    esac
    ip addr add "$FLOATING" dev "$DEVICE" || die "$bare cannot be taken"
fi
case $bare in
*:*) ;;
*) arping -q -U -c 3 -I "$DEVICE" "$bare" >/dev/null 2>&1 || die "neighbours cannot be told that $bare is here" ;;
esac

# Exit 0 when HAProxy leads to the new host and to no other.
# shellcheck shell=sh disable=SC2154
if [ -n "$SERVER" ]; then
    now=$(state "$SERVER")
    case $now in
    "$TO_ADDRESS "*) ;;
    *) die "server $SERVER leads to ${now%% *} and not to $TO_ADDRESS" ;;
    esac
    [ -z "$SERVER_PORT" ] || [ "${now##* }" = "$SERVER_PORT" ] || die "server $SERVER leads to port ${now##* } and not to $SERVER_PORT"
    admin=${now#* * } admin=${admin%% *}
    [ $((admin & 35)) = 0 ] || die "server $SERVER takes no part: it is in maintenance"
    exit 0
fi
until=$(($(date +%s) + WAIT))
while :; do
    why=
    have=$(servers)
    printf '%s\n' "$have" | grep -qxF "$TO" || why="backend $BACKEND has no server $TO, or HAProxy does not answer at $SOCKET"
    for s in $have; do
        now=$(state "$s")
        admin=${now#* * } admin=${admin%% *}
        if [ "$s" = "$TO" ]; then
            takes_part "$s" || why="server $s is not up in HAProxy's eyes"
        elif [ $((admin % 2)) = 0 ]; then
            die "server $s still takes part"
        fi
    done
    [ -n "$why" ] || exit 0
    [ "$(date +%s)" -lt "$until" ] || die "$why"
    sleep 1
done

# Exit 0 when HAProxy leads to the new host and to no other.
# shellcheck shell=sh disable=SC2154
if [ -n "$SERVER" ]; then
    now=$(state "$SERVER")
    case $now in
    "$TO_ADDRESS "*) ;;
    *) die "server $SERVER leads to ${now%% *} and not to $TO_ADDRESS" ;;
    esac
    exit 0
fi
until=$(($(date +%s) + WAIT))
while :; do
    why=
    for s in $(servers); do
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

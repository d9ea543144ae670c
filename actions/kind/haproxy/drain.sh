# Takes a server out of turn, and waits until it serves nobody. What is left
# then is ended.
# shellcheck shell=sh disable=SC2154
is_server
order "set server $BACKEND/$TO state drain"
until=$(($(date +%s) + WAIT))
while :; do
    left=$(serving "$TO")
    case $left in
    0) exit 0 ;;
    '' | *[!0-9]*) die "how many sessions server $TO has is not known" ;;
    esac
    [ "$(date +%s)" -lt "$until" ] || break
    sleep 1
done
printf '@ended %s sessions\n' "$left"
order "shutdown sessions server $BACKEND/$TO"

# Has a server take part again, and waits until HAProxy sees it up.
# shellcheck shell=sh disable=SC2154
is_server
order "set server $BACKEND/$TO state ready"
until=$(($(date +%s) + WAIT))
while :; do
    why=$(rests "$TO")
    [ -n "$why" ] || exit 0
    [ "$(date +%s)" -lt "$until" ] || die "server $TO: $why"
    sleep 1
done

# Exit 0 when the new host alone of those of the service is a target, and the
# load balancer's own checks find it healthy at every port.
# shellcheck shell=sh disable=SC2154
numbers
number "$TO"
want=$id
until=$(($(date +%s) + WAIT))
while :; do
    targets
    why=
    if [ "$in" != "$want" ]; then
        why="load balancer $BALANCER leads to server ${in:-none} and not to $want ($server) alone"
    elif ! printf '%s' "$health" | grep -q .; then
        why="load balancer $BALANCER does not say whether $server is healthy"
    elif printf '%s' "$health" | grep . | grep -qv ' healthy$'; then
        why="load balancer $BALANCER says of $server: $(printf '%s' "$health" | awk 'NF { print $2 }' | sort | uniq -c | awk '{ printf "%s%s port(s) %s", s, $1, $2; s = ", " }')"
    fi
    [ -n "$why" ] || exit 0
    [ "$(date +%s)" -lt "$until" ] || die "$why"
    sleep 1
done

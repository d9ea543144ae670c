# Lets the node take tasks again, by a manager. Those that went elsewhere stay
# there: the swarm moves none by itself.
# shellcheck shell=sh disable=SC2154
node
want=${SAID_AVAILABILITY-active}
[ "$want" != drain ] || want=active
if [ "$availability" != "$want" ]; then
    said=$(ask node update --availability "$want" "$id" 2>&1) || die "node $NODE cannot be opened: $(printf '%s\n' "$said" | tail -n 1)"
fi
node
[ "$availability" = "$want" ] || die "node $NODE is ${availability}, and not $want"

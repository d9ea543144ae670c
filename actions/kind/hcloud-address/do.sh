# Assigns the floating address to the new host, if it is where the plan saw it:
# the cloud has no condition of its own, so it is asked right before.
# shellcheck shell=sh disable=SC2154
number "$TO"
want=$id
holder
[ "$holder" != "$want" ] || exit 0
[ -n "${SEEN_WAS-}" ] || die "it is not known who had $FLOATING when the plan was made"
[ "$holder" = "$SEEN_WAS" ] || die "the floating address $FLOATING is assigned to server $holder and not to $SEEN_WAS, as it was when the plan was made: plan again"
act floating-ip assign "$FLOATING" "$want"

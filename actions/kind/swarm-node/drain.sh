# Drains the node by a manager, and waits until nothing of the swarm runs on it:
# the command itself ends at once. Says @services, where nobody did before.
# shellcheck shell=sh disable=SC2154
node
if [ -z "${SAID_SERVICES+said}" ]; then
    going=$(goes) || exit 1
    printf '@services %s\n' "$(printf '%s\n' "$going" | awk '{ print $1 }' | tr '\n' ' ')"
fi
if [ "$availability" != drain ]; then
    said=$(ask node update --availability drain "$id" 2>&1) || die "node $NODE cannot be drained: $(printf '%s\n' "$said" | tail -n 1)"
fi
until=$(($(date +%s) + WAIT))
until drained; do
    [ "$(date +%s)" -lt "$until" ] || die "after $WAIT s there still runs on $NODE: $(tasks | awk '{ print $1 }' | while read -r service; do ask service inspect --format '{{.Spec.Name}}' "$service"; done | sort -u | tr '\n' ' ')"
    sleep 1
done

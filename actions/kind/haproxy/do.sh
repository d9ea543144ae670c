# Leads clients to the new host: the new one first takes part, then the others
# are taken out, and what still goes to them is ended: with DRAIN=yes, where the
# old one serves too, only once the new one is up and WAIT seconds were given.
# shellcheck shell=sh disable=SC2154
if [ -n "$SERVER" ]; then
    order "set server $BACKEND/$SERVER addr $TO_ADDRESS${SERVER_PORT:+ port $SERVER_PORT}"
    order "set server $BACKEND/$SERVER state ready"
    order "shutdown sessions server $BACKEND/$SERVER"
    exit 0
fi
servers | grep -qxF "$TO" || die "backend $BACKEND has no server $TO"
order "set server $BACKEND/$TO state ready"
if [ "${DRAIN-}" = yes ]; then
    until=$(($(date +%s) + WAIT))
    until takes_part "$TO"; do
        [ "$(date +%s)" -lt "$until" ] || {
            order "set server $BACKEND/$TO state maint"
            die "server $TO is not up in HAProxy's eyes, and is out of rotation again; the others are left as they are"
        }
        sleep 0.2 2>/dev/null || sleep 1
    done
    for s in $(servers); do
        [ "$s" = "$TO" ] || order "set server $BACKEND/$s state drain"
    done
    until=$(($(date +%s) + WAIT))
    until [ "$(others "$TO")" = 0 ] || [ "$(date +%s)" -ge "$until" ]; do
        sleep 0.2 2>/dev/null || sleep 1
    done
fi
for s in $(servers); do
    if [ "$s" != "$TO" ]; then
        order "set server $BACKEND/$s state maint"
        order "shutdown sessions server $BACKEND/$s"
    fi
done

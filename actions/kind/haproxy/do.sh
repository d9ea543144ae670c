# Leads clients to the new host: the new one first takes part, then the others
# are taken out, and what still goes to them is ended.
# shellcheck shell=sh disable=SC2154
if [ -n "$SERVER" ]; then
    order "set server $BACKEND/$SERVER addr $TO_ADDRESS${SERVER_PORT:+ port $SERVER_PORT}"
    order "set server $BACKEND/$SERVER state ready"
    order "shutdown sessions server $BACKEND/$SERVER"
    exit 0
fi
servers | grep -qxF "$TO" || die "backend $BACKEND has no server $TO"
order "set server $BACKEND/$TO state ready"
for s in $(servers); do
    if [ "$s" != "$TO" ]; then
        order "set server $BACKEND/$s state maint"
        order "shutdown sessions server $BACKEND/$s"
    fi
done

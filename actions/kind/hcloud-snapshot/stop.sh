# Shuts the server down, and turns it off when it does not go within $WAIT seconds.
# shellcheck shell=sh disable=SC2154

exists "$SERVER" || die "there is no server $SERVER"
if [ "$(state)" != off ]; then
    act server shutdown "$SERVER"
    reaches "$SERVER" off || act server poweroff "$SERVER"
    reaches "$SERVER" off || die "server $SERVER does not stop: it is $(state)"
fi

# Starts the server.
# shellcheck shell=sh disable=SC2154

exists "$SERVER" || die "there is no server $SERVER"
[ "$(state)" != off ] || act server poweron "$SERVER"
reaches "$SERVER" running || die "server $SERVER was started, and is $(state)"

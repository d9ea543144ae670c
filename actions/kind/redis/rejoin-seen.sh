# Sees on the active that a replica of its own data is there. Inputs:
# SAID_SYSTEM, WAIT (seconds).
# shellcheck shell=sh disable=SC2154
[ "$(condition)" = active ] || die "no active server runs here on port $SERVER_PORT"
[ "$(info replication master_replid)" = "${SAID_SYSTEM-}" ] || die 'it is not this server that is followed'
until=$(($(date +%s) + WAIT))
until cli INFO replication | grep -q '^slave[0-9]*:.*state=online'; do
    [ "$(date +%s)" -lt "$until" ] || die 'no replica is online'
    pause
done

# Turns the server's power off, and waits until it is. A server that is locked
# by another action refuses for a while.
# shellcheck shell=sh disable=SC2154
until=$(($(date +%s) + WAIT))
while :; do
    is=$(status) || exit 1
    [ "$is" != off ] || exit 0
    said=$(timeout 120 hcloud server poweroff "$SERVER" 2>&1) || true
    is=$(status) || exit 1
    [ "$is" != off ] || exit 0
    [ "$(date +%s)" -lt "$until" ] || die "server $SERVER is $is: $said"
    sleep 2
done

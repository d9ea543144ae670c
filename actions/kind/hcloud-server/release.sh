# Turns the server on again.
# shellcheck shell=sh disable=SC2154
is=$(status) || exit 1
[ "$is" = off ] || exit 0
timeout 120 hcloud server poweron "$SERVER" || die "server $SERVER cannot be turned on"

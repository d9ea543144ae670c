# Exit 0 when the cloud says that the server is off.
# shellcheck shell=sh disable=SC2154
is=$(status) || exit 1
[ "$is" = off ] || die "server $SERVER is $is"

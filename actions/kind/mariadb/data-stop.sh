# Stops the server, its data kept.
# shellcheck shell=sh disable=SC2154
locate
stop || die "the server in $DATA does not stop"

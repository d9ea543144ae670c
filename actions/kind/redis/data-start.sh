# Starts the server.
# shellcheck shell=sh disable=SC2154
recall || true
start || die 'it does not start: see its log'

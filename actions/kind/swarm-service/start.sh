# Brings back as many as stop.sh found.
# shellcheck shell=sh disable=SC2154
keep_at "swarm-$SERVICE-stopped"
[ -e "$held" ] || exit 0 # never stopped, or started already
up

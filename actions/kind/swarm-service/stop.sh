# Scales the service to none, and notes how many there were.
# shellcheck shell=sh disable=SC2154
keep_at "swarm-$SERVICE-stopped"
down

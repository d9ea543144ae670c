# Brings back as many as hold.sh found. Input besides: RUN.
# shellcheck shell=sh disable=SC2154
keep_at "swarm-$SERVICE-$RUN"
[ -e "$held" ] || exit 0 # never held, or free already
up

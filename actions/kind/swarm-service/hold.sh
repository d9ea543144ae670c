# Scales the service to none while its data is copied. Input besides: RUN.
# shellcheck shell=sh disable=SC2154
keep_at "swarm-$SERVICE-$RUN"
down

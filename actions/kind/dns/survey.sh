# Whether the name can be asked for.
# shellcheck shell=sh disable=SC2154
answer >/dev/null

# Says what goes elsewhere (@services, ids) and what the node's availability was,
# by a manager.
# shellcheck shell=sh disable=SC2154
node
going=$(goes) || exit 1
printf '@availability %s\n@services %s\n' "$availability" "$(printf '%s\n' "$going" | awk '{ print $1 }' | tr '\n' ' ')"

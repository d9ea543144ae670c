# Exit 0 when the node is drained and nothing of the swarm runs on it, 1 when that
# is not so, 2 when it is not known.
# shellcheck shell=sh disable=SC2154
(node) || exit 2
drained

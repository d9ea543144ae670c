# Asks the agent in a virtual machine of this node for a sign of life.
# Input: GUEST (its id).
# shellcheck shell=sh disable=SC2154
ask agent 20 qm guest cmd "$GUEST" ping
echo '== end'

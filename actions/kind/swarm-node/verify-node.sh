# Proves that the node is part of its swarm and can run what it is given.
# shellcheck shell=sh disable=SC2154
is=$(ask info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null)
[ "$is" = active ] || die "the engine is not in its swarm: it is ${is:-silent}"
echo '@proof it is part of the swarm and takes tasks; those that went elsewhere come back with docker service update --force'

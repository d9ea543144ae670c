# Says of the node itself whether tasks of the swarm run on it.
# shellcheck shell=sh disable=SC2154
is=$(ask info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null) || trouble 'the engine does not answer: systemctl status docker'
[ "$is" = active ] || trouble "the engine is not in its swarm: it is ${is:-not known what}"
run=$(ask ps -q --filter label=com.docker.swarm.task.id 2>/dev/null) || trouble 'the engine does not list its containers'
if [ -n "$run" ]; then
    echo '@role active'
else
    echo '@role stopped'
fi

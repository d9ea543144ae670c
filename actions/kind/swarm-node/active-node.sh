# Exit 0 when tasks of the swarm run on this node, 1 when none does, 2 when that
# is not known.
# shellcheck shell=sh disable=SC2154
run=$(ask ps -q --filter label=com.docker.swarm.task.id 2>&1) || {
    printf 'the engine does not list its containers: %s\n' "$(printf '%s\n' "$run" | tail -n 1)" >&2
    exit 2
}
[ -n "$run" ]

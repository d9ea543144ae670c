# Says what a manager knows of its swarm, one JSON object a line, behind
# docker/engine.sh. Of services only what is judged: their settings hold secrets.
# shellcheck shell=sh disable=SC2154

# section prints a part of the answer: its name, a list with the ids of what was
# asked for, and the command that shows them. What a client warns of is no id.
section() {
    name=$1
    ids=$(printf '%s\n' "$2" | grep -Ex '[a-z0-9]{12,64}')
    shift 2
    count=0
    for _ in $ids; do
        count=$((count + 1))
    done
    printf '== %s\nids %s\n' "$name" "$count"
    [ -n "$ids" ] || return 0
    # What is gone by now is an error of the command's, and none of ours.
    # shellcheck disable=SC2086 # ids, one a word
    {
        why=$("$@" $ids 2>&1 >&3 </dev/null)
    } 3>&1
    [ -z "$why" ] || printf '%s\n' "$why" | sed 's/^/odd /'
}

# refused ends the answer with why a question was not answered.
refused() {
    printf '== failed\n%s\n== end\n' "$1"
    exit 0
}

ask() {
    # shellcheck disable=SC2086 # it may be sudo -n docker
    $docker "$@"
}

info=$(ask info --format '{"state":{{json .Swarm.LocalNodeState}},"control":{{json .Swarm.ControlAvailable}},"error":{{json .Swarm.Error}},"id":{{json .Swarm.NodeID}}}' </dev/null 2>/dev/null) || exit 1
printf '== swarm\n%s\n' "$info"
# A worker may not be asked, and without a leader each question is answered with
# an error, after 20 seconds.
case $info in
*'"control":true,"error":"",'*) ;;
*)
    echo '== end'
    exit 0
    ;;
esac
nodes=$(ask node ls -q </dev/null 2>&1) || refused "$nodes"
section nodes "$nodes" ask node inspect --format '{"id":{{json .ID}},"name":{{json .Description.Hostname}},"state":{{json .Status.State}},"message":{{json .Status.Message}},"availability":{{json .Spec.Availability}},"role":{{json .Spec.Role}},"manager":{{json .ManagerStatus}}}'
networks=$(ask network ls -q --no-trunc </dev/null 2>&1) || refused "$networks"
section networks "$networks" ask network inspect --format '{"id":{{json .ID}},"name":{{json .Name}},"driver":{{json .Driver}},"attachable":{{json .Attachable}},"ingress":{{json .Ingress}},"options":{{json .Options}}}'
services=$(ask service ls -q </dev/null 2>&1) || refused "$services"
section services "$services" ask service inspect --format '{"id":{{json .ID}},"name":{{json .Spec.Name}},"mode":{{json .Spec.Mode}},"networks":{{json .Spec.TaskTemplate.Networks}},"older":{{json .Spec.Networks}},"addresses":{{json .Endpoint.VirtualIPs}},"update":{{json .UpdateStatus}}}'
# Without names: those of nodes need not be unique.
section tasks "$services" ask service ps --no-trunc --no-resolve --format '{{json .}}'
# What was joined to a network by hand is known to its own node alone.
containers=$(ask ps --no-trunc --format '{"name":{{json .Names}},"networks":{{json .Networks}},"service":{{json (.Label "com.docker.swarm.service.id")}}}' </dev/null 2>&1) || refused "$containers"
printf '== containers\n%s\n== end\n' "$(printf '%s\n' "$containers" | grep '^{')"

# What the scripts of kind swarm-node have in common; behind directory/common.sh.
# Inputs: NODE (what the swarm calls the node: its host name or id), WAIT
# (seconds), LEAVE (volumes that may stay behind, one a line).
# shellcheck shell=sh disable=SC2034,SC2154

command -v docker >/dev/null || die 'docker is not installed (apt install docker.io)'

ask() {
    timeout 60 docker "$@" </dev/null
}

# node asks a manager for the node: $id, $name, $availability, $state.
node() {
    said=$(ask node inspect --format '{{.ID}} {{.Description.Hostname}} {{.Spec.Availability}} {{.Status.State}}' "$NODE" 2>&1) ||
        die "node $NODE cannot be asked for: $(printf '%s\n' "$said" | tail -n 1)"
    # shellcheck disable=SC2086 # four words
    set -- $said
    [ "$#" = 4 ] || die "docker says of node $NODE what is not understood: $said"
    id=$1 name=$2 availability=$3 state=$4
}

# tasks prints the tasks of the node that have not ended, "SERVICE-ID STATE" a
# line. "docker node ps" goes on listing those that have.
tasks() {
    list=$(ask node ps --no-trunc --no-resolve --format '{{.Name}} {{.CurrentState}}' "$id" 2>&1) ||
        die "the tasks of node $NODE cannot be listed: $(printf '%s\n' "$list" | tail -n 1)"
    # Behind an arrow where the line before is of the same slot.
    printf '%s\n' "$list" | sed 's/^ *\\_ //' | awk '
        $2 != "" && $2 !~ /^(Complete|Shutdown|Failed|Rejected|Orphaned|Remove)$/ { sub(/\..*/, "", $1); print $1, $2 }'
}

# drained tells whether nothing of the swarm runs on the node any more. What is
# said of a node that is down was said before.
drained() {
    node
    [ "$availability" = drain ] || return 1
    left=$(tasks) || exit 2
    [ "$state" = down ] || [ -z "$left" ]
}

# goes prints the services that go elsewhere with their tasks, "ID NAME GRACE" a
# line: neither those that run on every node nor those that are bound to this one.
# Grace is in seconds.
goes() {
    left=$(tasks) || exit 1
    all=$(printf '%s\n' "$left" | awk 'NF { print $1 }' | sort -u)
    [ -n "$all" ] || return 0
    # shellcheck disable=SC2086 # ids, one a word
    list=$(ask service inspect --format '{{.ID}}	{{.Spec.Name}}	{{if .Spec.Mode.Global}}global{{else}}-{{end}}	{{json .Spec.TaskTemplate.ContainerSpec.StopGracePeriod}}	{{json .Spec.TaskTemplate.Placement}}' $all 2>&1) ||
        die "the services of node $NODE cannot be asked for: $(printf '%s\n' "$list" | tail -n 1)"
    printf '%s\n' "$list" | awk -F '\t' -v id="$id" -v name="$name" -v want="$1" '
        { on = $5; gsub(/ /, "", on) }
        { bound = index(on, "\"node.hostname==" name "\"") || index(on, "\"node.id==" id "\"") }
        $3 == "global" { next }
        want == "bound" && bound { print $2 }
        want != "bound" && !bound { print $1, $2, ($4 ~ /^[0-9]+$/ ? int($4 / 1e9) : 10) }'
}

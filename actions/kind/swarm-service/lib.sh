# What the scripts that act on a service of a swarm have in common, behind
# files/lib.sh: a manager is asked. Inputs: SERVICE (its name in the swarm), WAIT
# (seconds that its tasks may take to end or to start).
# shellcheck shell=sh disable=SC2034,SC2154

command -v docker >/dev/null || die 'docker is not installed (apt install docker.io)'

ask() { timeout 60 docker "$@" </dev/null; }

# wanted leaves in $wanted how many of it are to run.
wanted() {
    wanted=$(ask service inspect --format '{{if .Spec.Mode.Replicated}}{{.Spec.Mode.Replicated.Replicas}}{{else}}other{{end}}' "$SERVICE" 2>&1) ||
        die "service $SERVICE cannot be asked for: $(printf '%s\n' "$wanted" | tail -n 1)"
    case $wanted in
    other) die "service $SERVICE runs on every node, or is a job: it cannot be scaled" ;;
    '' | *[!0-9]*) die "docker says of service $SERVICE what is not understood: $wanted" ;;
    esac
}

# tasks prints "STATE WANTED ID ERROR" of its tasks that are not known to have ended,
# a line each. An orphaned one is on a node that nobody has heard of for a day.
tasks() {
    list=$(ask service ps --no-trunc --no-resolve --format '{{.ID}}	{{.CurrentState}}	{{.DesiredState}}	{{.Error}}' "$SERVICE" 2>&1) ||
        die "the tasks of service $SERVICE cannot be listed: $(printf '%s\n' "$list" | tail -n 1)"
    printf '%s\n' "$list" | awk -F '\t' '$2 != "" && $2 !~ /^(Complete|Shutdown|Failed|Rejected|Remove)( |$)/ { split($2, w, " "); print w[1], $3, $1, $4 }'
}

scale() {
    said=$(ask service scale --detach "$SERVICE=$1" 2>&1) || die "service $SERVICE cannot be scaled: $(printf '%s\n' "$said" | tail -n 1)"
}

# down notes in $held how many of it are wanted, where that is not noted yet, and
# scales it to none. A task of a node that is down never ends, as far as is known.
down() {
    wanted
    if [ ! -e "$held" ]; then
        printf '%s\n' "$wanted" >"$held.part" && mv "$held.part" "$held" || exit 1
    fi
    [ "$wanted" = 0 ] || scale 0
    until=$(($(date +%s) + WAIT))
    while :; do
        left=$(tasks) || exit 1
        [ -n "$left" ] || return 0
        case $left in
        Orphaned* | *"
Orphaned"*) die "a task of $SERVICE is on a node that is lost, and may run there: see that the machine is off, then: docker node rm --force NODE" ;;
        esac
        [ "$(date +%s)" -lt "$until" ] || die "after $WAIT s tasks of $SERVICE have not ended: docker service ps $SERVICE"
        sleep 1
    done
}

# up scales it to what is noted in $held, and waits until as many run.
up() {
    before=$(cat "$held")
    case $before in '' | *[!0-9]*) die "$held does not say how many of $SERVICE there were" ;; esac
    wanted
    [ "$wanted" = "$before" ] || scale "$before"
    all_run "$before"
    rm -f "$held"
}

# all_run waits until as many tasks run as are wanted, and sees the same ones run
# for a moment: one that ends at once is started again, as another.
all_run() {
    until=$(($(date +%s) + WAIT))
    seen=
    while :; do
        list=$(tasks) || exit 1
        run=$(printf '%s\n' "$list" | awk '$1 == "Running" && $2 == "Running" { print $3 }' | sort)
        n=$(printf '%s\n' "$run" | grep -c .)
        if [ "$n" = "$1" ]; then
            [ "$run" != "$seen" ] || return 0
            [ -z "$seen" ] || [ "$(date +%s)" -lt "$until" ] || die "after $WAIT s the tasks of $SERVICE are others again and again: docker service ps $SERVICE"
            seen=$run
            sleep 2
        else
            [ "$(date +%s)" -lt "$until" ] || die "after $WAIT s $n of $1 tasks of $SERVICE run; one is $(printf '%s\n' "$list" | grep -v -e '^Running Running' -e '^Orphaned ' | head -n 1 | cut -d ' ' -f 1,2,4-)"
            seen=
            sleep 1
        fi
    done
}

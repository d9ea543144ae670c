# What is common to changing the targets of a load balancer. Inputs: BALANCER
# (its name or id), PRIVATE (yes: by the private network).
# shellcheck shell=sh disable=SC2034,SC2154

# targets leaves in $in the ids of the hosts of the service that are targets, a
# blank between them, and how healthy they are in $health: "ID STATUS" a line.
# What else is a target is left alone.
targets() {
    describe load-balancer "$BALANCER"
    n=$(at "$doc" '.targets.#')
    case $n in '' | *[!0-9]*) die "the cloud does not say what the targets of $BALANCER are" ;; esac
    in='' health='' i=0
    while [ "$i" -lt "$n" ]; do
        case $(at "$doc" ".targets.$i.type") in
        server)
            target=$(at "$doc" ".targets.$i.server.id")
            if [ -n "$(host_of "$target")" ]; then
                in="$in$target
"
                health="$health$(printf '%s\n' "$doc" | awk -F '\t' -v p=".targets.$i.health_status." -v t="$target" 'index($1, p) == 1 && $1 ~ /\.status$/ { print t " " $2 }')
"
            fi
            ;;
        ip) ;;
        *) die "load balancer $BALANCER has targets by label, whose servers are not named one by one: give each server as a target" ;;
        esac
        i=$((i + 1))
    done
    in=$(printf '%s' "$in" | sort -n | tr '\n' ' ')
    in=${in% }
}

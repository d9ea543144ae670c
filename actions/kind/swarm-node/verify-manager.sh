# Proves that what ran on the node runs elsewhere: of each service in
# $SAID_SERVICES, all tasks that are meant to run do.
# shellcheck shell=sh disable=SC2154
until=$(($(date +%s) + WAIT))
n=0
for service in ${SAID_SERVICES-}; do
    n=$((n + 1))
    while :; do
        list=$(ask service ps --no-trunc --no-resolve --filter desired-state=running --format '{{.Node}} {{.CurrentState}}	{{.Error}}' "$service" 2>&1) || {
            case $list in
            *'no such service'*) break ;; # removed meanwhile
            esac
            die "the tasks of service $service cannot be listed: $(printf '%s\n' "$list" | tail -n 1)"
        }
        waits=$(printf '%s\n' "$list" | grep . | grep -v -E '^[a-z0-9]+ Running ' | head -n 1)
        # While the old one ends the new one is not meant to run yet, and is not listed.
        want=$(ask service inspect --format '{{if .Spec.Mode.Replicated}}{{.Spec.Mode.Replicated.Replicas}}{{else}}0{{end}}' "$service" 2>&1)
        case $want in
        '' | *[!0-9]*) die "how many tasks of service $service are to run is not known: $(printf '%s\n' "${want:-docker says nothing}" | tail -n 1)" ;;
        esac
        run=$(printf '%s\n' "$list" | grep -c -E '^[a-z0-9]+ Running ')
        [ -n "$waits" ] || [ "$run" -lt "$want" ] || break
        if [ "$(date +%s)" -ge "$until" ]; then
            named=$(ask service inspect --format '{{.Spec.Name}}' "$service")
            [ -z "$waits" ] || die "after $WAIT s a task of $named does not run: $(printf '%s' "${waits#* }" | tr '\t' ' ')"
            die "after $WAIT s $run of $want tasks of $named run"
        fi
        sleep 1
    done
done
drained || die "node $NODE is not drained"
printf '@proof nothing of the swarm runs on %s, and all tasks of %s services that did run elsewhere\n' "$NODE" "$n"

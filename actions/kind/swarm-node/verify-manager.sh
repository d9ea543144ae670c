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
        waits=$(printf '%s\n' "$list" | grep -v -E '^[a-z0-9]+ Running ' | head -n 1)
        [ -n "$waits" ] || break
        [ "$(date +%s)" -lt "$until" ] || die "after $WAIT s a task of $(ask service inspect --format '{{.Spec.Name}}' "$service") does not run: $(printf '%s' "${waits#* }" | tr '\t' ' ')"
        sleep 1
    done
done
drained || die "node $NODE is not drained"
printf '@proof nothing of the swarm runs on %s, and all tasks of %s services that did run elsewhere\n' "$NODE" "$n"

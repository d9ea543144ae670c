# Proves that the project runs: every container that is to, and where one has a
# health check, that it is well. Then it asks PROVE, a line of shell.
# shellcheck shell=sh disable=SC2154
answers
tries=0
while :; do
    # shellcheck disable=SC2086 # ids, one a word
    states=$(docker inspect --type container --format '{{.State.Status}} {{.State.ExitCode}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.HostConfig.RestartPolicy.Name}} {{.Name}}' $all </dev/null) || die "docker does not answer"
    # One that has ended with 0 and is not to be started again has done its work.
    bad=$(printf '%s\n' "$states" | awk '!($1 == "running" && ($3 == "none" || $3 == "healthy")) && !($1 == "exited" && $2 == 0 && ($4 == "no" || $4 == "" || $4 == "on-failure")) { print $5 " is " $1 ($3 == "none" ? "" : ", " $3) }')
    [ -n "$bad" ] || break
    tries=$((tries + 1))
    [ "$tries" -lt "${TRIES:-60}" ] || die "$(printf '%s' "$bad" | tr '\n' ';')"
    sleep 2
done
n=$(printf '%s\n' "$states" | grep -c '^running ')
[ "$n" -gt 0 ] || die "no container of $PROJECT runs"
if [ -z "${PROVE-}" ]; then
    printf '@level started\n@proof %s containers run\n' "$n"
    exit 0
fi
said=$(sh -c "$PROVE" 2>&1 </dev/null)
code=$?
said=$(printf '%s' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)
[ "$code" = 0 ] || die "the proof ended with $code: ${said:-it said nothing}"
printf '@level answered\n@proof %s containers run; %s\n' "$n" "${said:-the proof ended with 0}"

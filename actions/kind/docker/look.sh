# Says what the docker engine knows of its containers, one JSON object a line,
# behind docker/engine.sh.
# shellcheck shell=sh disable=SC2154

ids=$($docker ps -aq --no-trunc </dev/null) || exit 1
count=0
for _ in $ids; do
    count=$((count + 1))
done
printf 'ids %s\n' "$count"
if [ -n "$ids" ]; then
    # A container that is gone by now is an error of inspect's, and none of ours.
    # shellcheck disable=SC2086 # ids, one a word
    {
        why=$($docker inspect --type container --format '{"name":{{json .Name}},"image":{{json .Config.Image}},"status":{{json .State.Status}},"exit":{{.State.ExitCode}},"oom":{{.State.OOMKilled}},"error":{{json .State.Error}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}""{{end}},"started":{{json .State.StartedAt}},"restarts":{{.RestartCount}},"policy":{{json .HostConfig.RestartPolicy.Name}},"project":{{json (index .Config.Labels "com.docker.compose.project")}},"service":{{json (index .Config.Labels "com.docker.compose.service")}}}' $ids 2>&1 >&3 </dev/null)
    } 3>&1
    [ -z "$why" ] || printf '%s\n' "$why" | sed 's/^/odd /'
fi
echo end

# Says what the docker engine knows of its containers, one JSON object a line.
# Input: SUDO, "sudo -n" or nothing: used only where the login may not ask.
# shellcheck shell=sh

LC_ALL=C
export LC_ALL
SUDO=${SUDO-}
docker=docker

if ! command -v docker >/dev/null; then
    echo missing
    exit 0
fi
# "docker version" says why it failed; with a format, "docker info" of 20.10 only
# says that its template did. What the client warns of comes on stderr and is no part of the version: why it
# failed is asked for apart.
if ! version=$(docker version --format '{{.Server.Version}}' 2>/dev/null </dev/null); then
    why=$(docker version --format '{{.Server.Version}}' 2>&1 >/dev/null </dev/null)
    case $why in
    *"ermission denied"*)
        if [ -z "$SUDO" ]; then
            printf 'down %s\n' "$why"
            exit 0
        fi
        docker="$SUDO docker"
        if ! version=$($docker version --format '{{.Server.Version}}' 2>/dev/null </dev/null); then
            printf 'down %s\n' "$($docker version --format '{{.Server.Version}}' 2>&1 >/dev/null </dev/null)"
            exit 0
        fi
        ;;
    *)
        printf 'down %s\n' "$why"
        exit 0
        ;;
    esac
fi
printf 'version %s\n' "$version"
ids=$($docker ps -aq --no-trunc </dev/null) || exit 1
count=0
for _ in $ids; do
    count=$((count + 1))
done
printf 'ids %s\n' "$count"
if [ -n "$ids" ]; then
    # A container that is gone by now is an error of inspect's, and none of ours.
    # shellcheck disable=SC2086 # ids, one a word
    $docker inspect --type container --format '{"name":{{json .Name}},"image":{{json .Config.Image}},"status":{{json .State.Status}},"exit":{{.State.ExitCode}},"oom":{{.State.OOMKilled}},"error":{{json .State.Error}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}""{{end}},"restarts":{{.RestartCount}},"policy":{{json .HostConfig.RestartPolicy.Name}},"project":{{json (index .Config.Labels "com.docker.compose.project")}},"service":{{json (index .Config.Labels "com.docker.compose.service")}}}' $ids </dev/null 2>/dev/null
fi
echo end

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
if ! version=$(docker info --format '{{.ServerVersion}}' 2>&1 </dev/null); then
    case $version in
    *"ermission denied"*)
        if [ -n "$SUDO" ]; then
            docker="$SUDO docker"
            version=$($docker info --format '{{.ServerVersion}}' 2>&1 </dev/null) || {
                printf 'down %s\n' "$version"
                exit 0
            }
        else
            printf 'down %s\n' "$version"
            exit 0
        fi
        ;;
    *)
        printf 'down %s\n' "$version"
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

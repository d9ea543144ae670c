# Finds out how docker may be asked, ahead of a look: $docker is the command.
# Says the engine's version, or why it does not answer, and then nothing more.
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
# says that its template did. What the client warns of comes on stderr and is no
# part of the version: why it failed is asked for apart.
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

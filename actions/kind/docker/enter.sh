# Where a look finds a program that may run in a container: sets enter, the words
# that lead to it ("docker exec NAME", or none). It ends the look when the
# container does not run. Inputs: CONTAINER (empty for none), SUDO ("sudo -n" or
# nothing).
# shellcheck shell=sh disable=SC2034,SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
SUDO=${SUDO-}
enter=''
if [ -n "$CONTAINER" ]; then
    if ! command -v docker >/dev/null; then
        echo 'missing docker'
        exit 0
    fi
    docker=docker
    runs=$(docker inspect --type container --format '{{.State.Status}}' "$CONTAINER" 2>&1 </dev/null)
    case $runs in
    *"ermission denied"*)
        if [ -n "$SUDO" ]; then
            docker="$SUDO docker"
            runs=$($docker inspect --type container --format '{{.State.Status}}' "$CONTAINER" 2>&1 </dev/null)
        fi
        ;;
    esac
    printf '== container\n%s\n' "$runs"
    if [ "$runs" != running ]; then
        echo '== end'
        exit 0
    fi
    enter="$docker exec $CONTAINER"
fi

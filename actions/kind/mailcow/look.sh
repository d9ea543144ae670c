# Says what waits in the queue of a mailcow, how full the disk of its mailboxes
# is, and shows its certificate; behind docker/engine.sh.
# Inputs: DIR (where mailcow lies), PROJECT (its compose project).
# shellcheck shell=sh disable=SC2154

# within runs a command in the container of a service, and says why it cannot.
within() {
    # shellcheck disable=SC2086 # it may be sudo -n docker
    id=$($docker ps -q --no-trunc --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.service=$1" </dev/null 2>/dev/null | sed 1q)
    shift
    if [ -z "$id" ]; then
        echo absent
        return 0
    fi
    # shellcheck disable=SC2086 # as above
    $docker exec "$id" "$@" </dev/null 2>&1
    printf '\nended %s\n' "$?"
}

echo '== queue'
# Who writes to whom is nobody's business: the queue and the time of each.
within postfix-mailcow postqueue -j | sed 's/.*"queue_name": *"\([a-z]*\)".*"arrival_time": *\([0-9]*\).*/\1 \2/'
echo '== disk'
within dovecot-mailcow df -Pk /var/vmail
echo '== certificate'
cat "${JURYMAST_ROOT-}$DIR/data/assets/ssl/cert.pem" 2>&1 </dev/null
echo '== end'

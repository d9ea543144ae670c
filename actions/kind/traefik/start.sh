# Starts Traefik and waits until it answers.
# shellcheck shell=sh disable=SC2154
have || die "$name is not installed"
if [ -n "$CONTAINER" ]; then
    docker start "$CONTAINER" >/dev/null </dev/null || die "the container $CONTAINER cannot be started"
else
    systemctl --no-ask-password start "$UNIT" </dev/null || die "$UNIT does not start: systemctl status $UNIT"
fi
tries=0
until alive >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt "${WAIT:-20}" ] || die 'Traefik was started, and answers neither at /ping nor at its API: see its log'
    sleep 1
done

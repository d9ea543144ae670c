# Stops Traefik and sees it stopped.
# shellcheck shell=sh disable=SC2154
have || die "$name is not installed"
if [ -n "$CONTAINER" ]; then
    docker stop "$CONTAINER" >/dev/null </dev/null || die "the container $CONTAINER cannot be stopped"
else
    systemctl --no-ask-password stop "$UNIT" </dev/null || die "$UNIT does not stop: systemctl status $UNIT"
fi
! runs || die 'Traefik was told to stop, and still runs'

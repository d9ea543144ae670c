# Says what part this host plays for the unit: active, standby, or stopped,
# which is what it is until it has been made a standby again, or while it would
# start by itself, or is masked and could not be started at all.
# shellcheck shell=sh disable=SC2154
if [ "$(property LoadState)" = masked ] && [ "$(property ActiveState)" = inactive ]; then
    echo '@role stopped'
    echo '@writable yes'
    exit 0
fi
known
keep_at "moved-$UNIT"
each_share share_could || exit 1
enabled=$(property UnitFileState)
is=$(property ActiveState)
case $is in
active | activating | reloading | refreshing | deactivating)
    echo '@role active'
    each_share share_is || echo "@note the unit runs, and not all of its shares are mounted"
    ;;
inactive | failed)
    if [ -e "$held" ] || [ "$enabled" = enabled ] || [ "$enabled" = enabled-runtime ]; then
        echo '@role stopped'
    else
        echo '@role standby'
    fi
    ;;
*) trouble "whether $UNIT runs is not known: it is ${is:-in no state that systemd tells}" ;;
esac
echo '@writable yes'

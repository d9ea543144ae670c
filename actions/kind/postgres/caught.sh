# Waits until the standby has replayed the last record of the active, which is
# the checkpoint of its shutdown. Inputs: SAID_POSITION, WAIT (seconds).
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
case ${SAID_POSITION-} in
*[!0-9A-Fa-f/]* | '') die "the old active did not say where it ended: '${SAID_POSITION-}'" ;;
esac
until=$(($(date +%s) + WAIT))
while :; do
    row=$(ask -F ' ' -c "select pg_last_wal_replay_lsn() > '$SAID_POSITION', pg_is_in_recovery(), pg_last_wal_replay_lsn()") ||
        die 'the standby does not answer'
    case $row in
    t\ *) break ;;
    *' f '*) die 'it is no standby any more' ;;
    esac
    [ "$(date +%s)" -lt "$until" ] || die "the standby has replayed up to ${row##* } and not up to $SAID_POSITION, where the active ended"
    pause
done
echo "@position ${row##* }"

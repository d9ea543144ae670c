# Waits until the replica has everything up to where the active ended. Inputs:
# SAID_POSITION, WAIT (seconds).
# shellcheck shell=sh disable=SC2154
case ${SAID_POSITION-} in
*[!0-9]* | '') die "the old active did not say where it ended: '${SAID_POSITION-}'" ;;
esac
until=$(($(date +%s) + WAIT))
while :; do
    has=$(info replication slave_repl_offset)
    [ -n "$has" ] || die 'it is no replica any more'
    [ "$has" -lt "$SAID_POSITION" ] || break
    [ "$(date +%s)" -lt "$until" ] || die "the replica has $has and not $SAID_POSITION, where the active ended"
    pause
done

# Makes the server here a replica of the peer's. What it had is kept beside.
# Inputs: PEER, PEER_PORT, RUN, WAIT (seconds).
# shellcheck shell=sh disable=SC2154
if [ "$(condition)" = stopped ]; then
    recall || die "no server runs on port $SERVER_PORT, and how it is kept is not known: set config"
    set_aside
    # It must not be a second active one, not for a moment.
    if [ -n "$CONFIG" ] && ! grep -q "^replicaof $PEER $PEER_PORT\$" "$CONFIG"; then
        printf '\nreplicaof %s %s\n' "$PEER" "$PEER_PORT" >>"$CONFIG" || die "$CONFIG cannot be written"
    fi
    if systemd; then
        systemctl --no-ask-password unmask "$UNIT" || die "$UNIT cannot be unmasked"
    fi
    start || die 'it does not start: see its log'
fi
case $(condition) in
active | fenced)
    recall || wanted=
    if [ "$(condition)" = active ]; then
        # It wrote on its own: that is kept.
        remember
        recall
        [ -e "$dir/$rdb.jurymast-$RUN" ] || save
        set_aside
    fi
    ;;
standby) recall || wanted= ;;
*) die 'it does not answer' ;;
esac
if [ -n "${REDISCLI_AUTH-}" ]; then
    # By standard input: an argument could be read by anybody.
    if [ -n "$SOCKET" ]; then
        said=$(printf '%s' "$REDISCLI_AUTH" | "$client" -s "$SOCKET" -x CONFIG SET masterauth 2>&1)
    else
        said=$(printf '%s' "$REDISCLI_AUTH" | "$client" -h "$ADDRESS" -p "$SERVER_PORT" -x CONFIG SET masterauth 2>&1)
    fi
    [ "$said" = OK ] || die "masterauth cannot be set: $said"
fi
said=$(cli REPLICAOF "$PEER" "$PEER_PORT")
case $said in
OK*) ;;
*) die "it cannot follow $PEER: $said" ;;
esac
if [ "$(setting min-replicas-to-write)" = "$fenced" ]; then
    set_to min-replicas-to-write "${wanted:-0}"
fi
keep
until=$(($(date +%s) + WAIT))
until [ "$(info replication master_link_status)" = up ]; do
    if [ "$(info replication master_sync_in_progress)" = 1 ]; then
        until=$(($(date +%s) + WAIT)) # it is being filled
    fi
    [ "$(date +%s)" -lt "$until" ] || die "it does not follow $PEER port $PEER_PORT: see its log, and whether $PEER lets it in"
    pause
done
echo "@system $(info replication master_replid)"

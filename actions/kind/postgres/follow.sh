# Has the standby here, which followed another server, follow the peer from where
# it is. One that has more than the peer had when it took over is left as it is:
# that would be given up, and nothing but a rejoin can do so.
# Inputs: PEER, PEER_PORT, WAIT (seconds).
# shellcheck shell=sh disable=SC2154
located
[ "$(condition)" = standby ] || die "no standby runs here on port $SERVER_PORT"
major=$(ask -c "select current_setting('server_version_num')::int / 10000")
case $major in
1[2-9] | [2-9][0-9]) ;;
*) die 'PostgreSQL 12 or newer is needed to follow another server from where it is' ;;
esac
was=$(ask -c 'show primary_conninfo')
case $was in
postgres*://*) die "primary_conninfo is an address (URI), which is not changed: write it as host=… port=…" ;;
esac
# Of words that are there twice the last one counts. What stood here of an
# earlier time goes.
here=" host='$PEER' hostaddr='' port=$PEER_PORT"
to=$(printf '%s' "$was" | sed "s/\\( host='[^']*' hostaddr='' port=[0-9]*\\)*\$//")$here

# peer asks the peer as a standby does. What logs in there may hold a password: it
# goes by standard input.
peer() {
    there=$(printf '%s' "$to dbname=postgres replication=true connect_timeout=10" | sed "s/\\\\/\\\\\\\\/g; s/'/''/g")
    printf '%s\n' "\\connect -reuse-previous=off '$there'" "$1;" | ask -F ' ' 2>&1
}
said=$(peer IDENTIFY_SYSTEM) || die "$PEER does not let this standby in to replicate: $(printf '%s' "$said" | tail -n 1)"
system=${said%% *} rest=${said#* }
timeline=${rest%% *}
[ "$system" = "$(control 'Database system identifier')" ] || die "$PEER holds another system ($system)"

# Where the peer's line left the one that is followed here, and how far this one is.
at=$(ask -F ' ' -c "select greatest((select received_tli from pg_stat_wal_receiver), (select min_recovery_end_timeline from pg_control_recovery()),
        (select timeline_id from pg_control_checkpoint())), greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())") ||
    die 'the standby did not tell how far it is'
mine=${at%% *} reached=${at#* }
if [ "$mine" -gt "$timeline" ]; then
    die "it is on timeline $mine and $PEER on $timeline: it followed another server; make it a standby anew"
fi
if [ "$mine" -lt "$timeline" ]; then
    left=$(peer "TIMELINE_HISTORY $timeline" | awk -v mine="$mine" '{ sub(/^[0-9A-F]*\.history /, "") } $1 == mine { print $2; exit }')
    [ -n "$left" ] || die "$PEER does not come of timeline $mine, which is followed here; make it a standby anew"
    [ "$(ask -c "select '$reached'::pg_lsn <= '$left'::pg_lsn")" = t ] ||
        die "it has more than $PEER had when it took over at $left: it is at $reached; to give that up, make it a standby anew"
fi

slot=$(ask -c 'show primary_slot_name')
if [ -n "$slot" ]; then
    said=$(peer "CREATE_REPLICATION_SLOT \"$slot\" PHYSICAL RESERVE_WAL") || case $said in
    *already*) ;;
    *) die "$PEER makes no slot $slot: $(printf '%s' "$said" | tail -n 1)" ;;
    esac
fi
if [ "$was" != "$to" ]; then
    {
        grep -v '^ *primary_conninfo *=' "$DATA/postgresql.auto.conf" 2>/dev/null
        printf "primary_conninfo = '%s'\n" "$(printf '%s' "$to" | sed "s/\\\\/\\\\\\\\/g; s/'/''/g")"
    } | put_file "$DATA/postgresql.auto.conf" || die "$DATA cannot be written to"
fi
if [ "$major" -ge 13 ]; then
    ask -c 'select pg_reload_conf()' >/dev/null || die 'the standby does not read its settings anew'
else
    if ! stop || ! start; then
        die "the server in $DATA does not come up again: see its log"
    fi
fi
until=$(($(date +%s) + WAIT))
until [ "$(ask -c "select received_tli >= $timeline from pg_stat_wal_receiver where status = 'streaming'")" = t ] &&
    [ "$(ask -c 'show primary_conninfo')" = "$to" ]; do
    [ "$(condition)" = standby ] || die 'it is no standby any more'
    [ "$(date +%s)" -lt "$until" ] || die "it does not stream from $PEER: see its log"
    pause
done

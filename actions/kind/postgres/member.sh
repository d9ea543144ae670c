# Says what part a host plays: role, lag, position, system, version.
# shellcheck shell=sh disable=SC2154

programs '' || trouble 'PostgreSQL is not installed there'
is=$(condition)
case $is in
primary) echo '@role active' ;;
standby | stopped) echo "@role $is" ;;
starting) trouble "the server on port $SERVER_PORT is starting, or accepts no connections" ;;
*) trouble "whether a server runs on port $SERVER_PORT is not known: $(ask -c 'select 1' 2>&1 | tail -n 1)" ;;
esac

if [ "$is" = stopped ]; then
    printf '@system %s\n@version %s\n@position %s\n@writable no\n' "$(control 'Database system identifier')" "$VERSION" \
        "$(control 'Latest checkpoint location')"
    exit 0
fi

say=$(ask <<'SQL'
select '@system ' || system_identifier from pg_control_system();
select '@version ' || current_setting('server_version_num')::int / 10000;
select '@writable ' || case when pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' then 'no' else 'yes' end;
select '@position ' || case when pg_is_in_recovery()
    then greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) else pg_current_wal_lsn() end;
SQL
) || die 'the server did not tell what it is'
printf '%s\n' "$say"
[ "$(printf '%s\n' "$say" | sed -n 's/^@version //p')" -ge 12 ] || trouble 'PostgreSQL 12 or newer is needed to move it'
[ "$is" = standby ] || exit 0

# The receiver alone tells that nothing is missing: received and replayed are
# equal as well while it is dead.
# An active that has sent nothing yet had nothing to send. One that has
# replayed all is as old as the last word of its active, which
# may be silent for half of wal_receiver_timeout, 30 s by default: a word that
# is about due is waited for.
heard() {
    ask -F ' ' -c "select greatest(0, pg_wal_lsn_diff(coalesce(latest_end_lsn, receive_start_lsn), pg_last_wal_replay_lsn())),
        case when coalesce(latest_end_lsn, receive_start_lsn) <= pg_last_wal_replay_lsn() then extract(epoch from now() - last_msg_receipt_time)
             else extract(epoch from now() - least(pg_last_xact_replay_timestamp(), last_msg_receipt_time)) end
        from pg_stat_wal_receiver where status = 'streaming'" || die 'the standby did not tell how far it is'
}
row=$(heard) || exit 1
tries=0
while [ "$tries" -lt 30 ]; do
    case $row in 0\ 29.* | 0\ 30.*) ;; *) break ;; esac
    pause
    tries=$((tries + 1))
    row=$(heard) || exit 1
done
if [ -n "$row" ]; then
    printf '@lag-bytes %s\n@lag %s\n' "${row% *}" "${row#* }"
else
    # What the active acknowledged since the last change that came over is not
    # known here: all of that time is at risk.
    age=$(ask -c 'select extract(epoch from now() - pg_last_xact_replay_timestamp())')
    [ -z "$age" ] || echo "@lag $age"
    info=$(ask -c 'show primary_conninfo')
    if [ -z "$info" ]; then
        trouble 'it follows no server: primary_conninfo is empty'
    fi
    peer=$(printf '%s' "$info" | sed -n "s/.*\\bhost *= *'*\\([^ ']*\\).*/\\1/p")
    at=$(printf '%s' "$info" | sed -n "s/.*\\bport *= *'*\\([0-9]*\\).*/\\1/p")
    if [ -n "$peer" ] && owner "$BIN/pg_isready" -q -t 3 -h "$peer" -p "${at:-5432}"; then
        trouble 'it does not stream from its active, which answers: see its log'
    fi
fi
[ "$(ask -c 'select pg_is_wal_replay_paused()')" = f ] || trouble 'replay is paused there: select pg_wal_replay_resume()'

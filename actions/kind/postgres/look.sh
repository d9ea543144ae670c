# Asks a PostgreSQL server everything in one session.
# shellcheck shell=sh disable=SC2154

if ! programs ''; then
    echo missing
    exit 0
fi
export PGOPTIONS='-c statement_timeout=8000 -c lock_timeout=2000'
said=$(sql -d postgres -F "$tab" 2>&1 <<'SQL'
\echo == server
select 'recovery', pg_is_in_recovery();
select 'version', current_setting('server_version_num');
select 'readonly', current_setting('default_transaction_read_only');
select 'system', system_identifier from pg_control_system();
select 'timeline', timeline_id from pg_control_checkpoint();
select 'up', round(extract(epoch from now() - pg_postmaster_start_time()));
select pg_is_in_recovery() as recovery \gset
\if :recovery
\echo == receiver
select status, coalesce(sender_host, ''), round(extract(epoch from now() - last_msg_receipt_time)::numeric, 3),
    pg_wal_lsn_diff(coalesce(latest_end_lsn, receive_start_lsn), pg_last_wal_replay_lsn()) from pg_stat_wal_receiver;
\echo == replay
select 'paused', pg_is_wal_replay_paused();
select 'age', coalesce(round(extract(epoch from now() - pg_last_xact_replay_timestamp())::numeric, 3)::text, '');
\else
\echo == standbys
select application_name, coalesce(host(client_addr), 'local'), state, sync_state,
    coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), -1), coalesce(round(extract(epoch from replay_lag)::numeric, 3), 0)
    from pg_stat_replication where state <> 'backup' order by 1;
select current_setting('synchronous_standby_names') <> '' as sync \gset
\if :sync
\echo == synchronous
show synchronous_standby_names;
\endif
\endif
\echo == archiver
select current_setting('archive_mode'), failed_count, coalesce(last_failed_wal, ''),
    coalesce(round(extract(epoch from now() - last_failed_time))::text, ''), coalesce(round(extract(epoch from now() - last_archived_time))::text, '')
    from pg_stat_archiver;
\echo == slots
select slot_name, active, coalesce(to_jsonb(s) ->> 'wal_status', ''),
    coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn), 0)
    from pg_replication_slots s where not temporary order by 1;
\echo == connections
select count(*), current_setting('max_connections') from pg_stat_activity where backend_type = 'client backend';
\echo == xid
select max(age(datfrozenxid)), (array_agg(datname order by age(datfrozenxid) desc))[1] from pg_database;
\echo == end
SQL
)
code=$?
printf '%s\n' "$said"
if [ "$code" != 0 ]; then
    echo "== failed $code"
    echo '== condition'
    condition
fi

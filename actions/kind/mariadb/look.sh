# Asks a MariaDB server everything in one session.
# shellcheck shell=sh disable=SC2154

if [ -z "$client" ]; then
    echo missing
    exit 0
fi
# Heads are names of columns: the client prints no others of its own.
said=$(sql 2>&1 <<'SQL'
/*M!100100 set session max_statement_time=8 */;
select '' as '== variables';
show global variables where variable_name in ('version', 'version_comment', 'read_only', 'max_connections', 'extra_max_connections', 'log_bin', 'wsrep_on', 'server_id');
select '' as '== status';
show global status where variable_name in ('Uptime', 'Threads_connected', 'Threads_running', 'Max_used_connections', 'Slaves_connected', 'Innodb_read_only');
select '' as '== replication';
show all slaves status;
select '' as '== end';
SQL
)
code=$?
printf '%s\n' "$said"
if [ "$code" != 0 ]; then
    echo "== failed $code"
    echo '== condition'
    condition "$said"
fi

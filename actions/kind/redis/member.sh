# Says what part a host plays: role, lag, position, system, version.
# shellcheck shell=sh disable=SC2154
[ -n "$client" ] || trouble 'redis-cli is not installed (apt install redis-tools)'
is=$(condition)
case $is in
active) printf '@role active\n@writable yes\n' ;;
standby) printf '@role standby\n@writable no\n' ;;
fenced | stopped)
    printf '@role stopped\n@writable no\n'
    [ "$is" = fenced ] || exit 0
    ;;
*) trouble "the server on port $SERVER_PORT cannot be asked: $(cli PING | tail -n 1)" ;;
esac
printf '@version %s\n@system %s\n' "$(info server redis_version | cut -d . -f 1)" "$(info replication master_replid)"
[ "$(info cluster cluster_enabled)" != 1 ] || trouble 'it is part of a Redis cluster, which moves things itself: CLUSTER FAILOVER'
if cli CLIENT LIST | grep -q ' name=sentinel-'; then
    trouble 'Sentinel watches it and would move it back: use SENTINEL FAILOVER'
fi
if [ "$is" != standby ]; then
    echo "@position $(info replication master_repl_offset)"
    exit 0
fi
echo "@position $(info replication slave_repl_offset)"
if [ "$(info replication master_sync_in_progress)" = 1 ]; then
    trouble 'it is being filled by its active'
fi
if [ "$(info replication master_link_status)" = up ]; then
    read=$(info replication slave_read_repl_offset)
    [ -z "$read" ] || echo "@lag-bytes $((read - $(info replication slave_repl_offset)))"
    echo "@lag $(info replication master_last_io_seconds_ago)"
else
    echo "@lag $(info replication master_link_down_since_seconds)"
    # shellcheck disable=SC2034 # cli reads them
    from=$(info replication master_host) SERVER_PORT=$(info replication master_port) SOCKET='' ADDRESS=$from
    case $(cli PING) in
    PONG | NOAUTH* | LOADING*) trouble "it does not follow $from, which answers: see its log" ;;
    esac
fi

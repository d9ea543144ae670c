# Asks a Redis server about itself.
# shellcheck shell=sh disable=SC2154
if [ -z "$client" ]; then
    echo missing
    exit 0
fi
said=$(cli INFO)
case $said in
*role:*) ;;
*)
    echo '== failed'
    printf '%s\n' "$said" | tail -n 3
    echo '== condition'
    condition
    exit 0
    ;;
esac
echo '== info'
printf '%s\n' "$said" | grep -E '^(redis_version|server_name|valkey_version|cluster_enabled|uptime_in_seconds|role|connected_slaves|slave[0-9]+|master_[a-z_]*|slave_[a-z_]*|loading|rdb_[a-z_]*|aof_[a-z_]*|used_memory|maxmemory):'
echo '== config'
echo "now:$(date +%s)"
for name in save appendonly min-replicas-to-write; do
    printf '%s:%s\n' "$name" "$(setting "$name")"
done
echo '== end'

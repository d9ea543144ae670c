# shellcheck shell=sh
# The same small probe for every client.
cat /proc/loadavg /proc/uptime
grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo
df -P /
nproc

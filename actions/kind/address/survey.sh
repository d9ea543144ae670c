# Whether the address could be taken or given away here.
# shellcheck shell=sh disable=SC2154
ip link show dev "$DEVICE" >/dev/null 2>&1 || die "there is no network device $DEVICE here"
if [ -n "$FLAG" ]; then
    pid=$(cat "${JURYMAST_ROOT-}/run/keepalived.pid" 2>/dev/null) || die 'keepalived does not run here'
    kill -0 "$pid" 2>/dev/null || die 'keepalived does not run here'
else
    announcer || die 'arping is not there, by which neighbours are told (apt install iputils-arping)'
fi

# What is common to an address that goes from host to host. Inputs: HERE (name of
# this host), TO (name of the host that is to have it), FLOATING (address/bits),
# DEVICE, FLAG (file by which keepalived gives it away; empty without keepalived).
# shellcheck shell=sh disable=SC2034,SC2154
command -v ip >/dev/null || die 'ip is not there (apt install iproute2)'
bare=${FLOATING%/*}
held() {
    list=$(ip -o addr show dev "$DEVICE" 2>&1) || die "which addresses $DEVICE has cannot be seen: ${list:-ip says nothing}"
    printf '%s\n' "$list" | awk -v a="$bare" '{ sub(/\/.*/, "", $4); if ($4 == a) found = 1 } END { exit !found }'
}
announcer() {
    command -v arping >/dev/null
}

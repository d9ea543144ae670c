# What moving the CARP addresses of a pair of firewalls rests on; behind
# directory/common.sh. Input: WAIT (seconds).
# shellcheck shell=sh disable=SC2034,SC2154

for program in configctl ifconfig; do
    command -v "$program" >/dev/null || die "$program is not there: this is no OPNsense"
done

# addresses counts the CARP addresses of this firewall: $all of them, those that
# are $active here and those that are $standby.
addresses() {
    list=$(ifconfig -a 2>/dev/null </dev/null | awk '$1 == "carp:" && $3 == "vhid" { print $2, $4 }')
    all=$(printf '%s\n' "$list" | grep -c .)
    active=$(printf '%s\n' "$list" | grep -c '^MASTER ')
    standby=$(printf '%s\n' "$list" | grep -c '^BACKUP ')
}

# maintenance tells whether this firewall is in CARP maintenance. configctl ends
# with 0 whatever it says.
maintenance() {
    carp=$(configctl interface show carp 2>&1 </dev/null)
    case $carp in
    *'"maintenancemode":true'*) return 0 ;;
    *'"maintenancemode":false'*) return 1 ;;
    esac
    printf 'configctl does not say whether this firewall is in maintenance: %s\n' "${carp:-it said nothing}" >&2
    exit 2
}

# set_maintenance enters or leaves it. The command is a switch that goes either
# way, so that what it did is read back from its answer.
set_maintenance() {
    said=$(configctl interface carp_set_status maintenance 2>&1 </dev/null)
    case $said in
    *'"action":"'"$1"'_maintenance"'*) ;;
    *) die "it was told to $1 CARP maintenance, and says: ${said:-nothing}" ;;
    esac
}

# within waits until a test holds, at most so many seconds.
within() {
    until=$(($(date +%s) + $1))
    until "$2"; do
        [ "$(date +%s)" -lt "$until" ] || return 1
        sleep 1
    done
}

is_active() {
    addresses
    [ "$all" -gt 0 ] && [ "$active" = "$all" ]
}

is_idle() {
    addresses
    [ "$all" -gt 0 ] && [ "$active" = 0 ]
}

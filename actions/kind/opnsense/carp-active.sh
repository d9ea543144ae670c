# Exit 0 when this firewall is active for all CARP addresses, 1 when it is for
# none, 2 when it is neither, or not known.
# shellcheck shell=sh disable=SC2154
addresses
[ "$all" -gt 0 ] || {
    echo 'no CARP address is on it' >&2
    exit 2
}
[ "$active" != 0 ] || exit 1
[ "$active" = "$all" ] || {
    echo "it is active for $active of $all CARP addresses" >&2
    exit 2
}

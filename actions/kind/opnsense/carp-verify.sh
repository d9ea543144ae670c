# Proves that this firewall is active for all CARP addresses, and filters. A
# firewall takes them over by itself: that is waited for, and nothing is forced.
# shellcheck shell=sh disable=SC2154
within "$WAIT" is_active || die "after $WAIT s it is active for $active of $all CARP addresses: see Interfaces: Virtual IPs: Status"
pfctl -s info 2>/dev/null </dev/null | grep -q '^Status: Enabled' || die 'the packet filter is not enabled: see pfctl -s info'
printf '@proof it is active for %s CARP addresses, and filters\n' "$all"

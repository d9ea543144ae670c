# Says what part this firewall plays for the CARP addresses of its pair, and
# whether it could play the other.
# shellcheck shell=sh disable=SC2154
addresses
[ "$all" -gt 0 ] || trouble 'no CARP address is on it: there is nothing to hand over'
printf '@system vhids %s\n' "$(printf '%s\n' "$list" | awk '{ print $2 }' | sort -n | tr '\n' ' ')"
said=$( (maintenance) 2>&1)
kept=$? # 0: it is in maintenance, 1: it is not
[ "$kept" -lt 2 ] || trouble "$said"
if [ "$active" = "$all" ]; then
    echo '@role active'
    [ "$kept" = 1 ] || echo '@stays it is in CARP maintenance already, and active all the same: the other does not take over'
    how='no pfsync: connections that are open are cut'
    if ifconfig pfsync0 2>/dev/null </dev/null | grep -q 'syncdev: [a-z]'; then
        how='open connections go on, as far as pfsync has told the other of them'
    fi
    printf '@seen %s CARP addresses, some seconds; %s\n' "$all" "$how"
    exit 0
fi
if [ "$active" -gt 0 ]; then
    echo '@role active'
    trouble "it is active for $active of $all CARP addresses: the pair shares them out"
fi
echo '@role standby'
[ "$standby" = "$all" ] || trouble "$((all - standby)) of $all CARP addresses are neither active nor standby: see Interfaces: Virtual IPs: Status"
carp=$(configctl interface show carp 2>&1 </dev/null)
case $carp in
*'"allow":"0"'* | *'"allow":0'*) trouble 'CARP is disabled on it' ;;
esac
demoted=$(printf '%s\n' "$carp" | sed -n 's/.*"demotion":"\{0,1\}\([0-9][0-9]*\).*/\1/p')
[ "$kept" = 0 ] || [ "${demoted:-0}" = 0 ] || trouble "it was demoted by $demoted without maintenance: a link is down or a service check failed"
[ "$(sysctl -n net.inet.carp.preempt 2>/dev/null)" != 0 ] || trouble 'it does not take over from one that is demoted: net.inet.carp.preempt is 0'

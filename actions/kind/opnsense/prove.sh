# Asks the firewall that is live: its configuration is whole, it filters, and
# its daemon answers. Says @level and @proof.
# shellcheck shell=sh disable=SC2154
whole_xml "$config"
pfctl -s info 2>/dev/null </dev/null | grep -q '^Status: Enabled' || die 'the packet filter is not enabled: see pfctl -s info'
said=$(configctl interface gateways status 2>&1 </dev/null)
case $said in
'['* | '{'*) ;;
*) die "the configuration daemon does not answer: ${said:-it said nothing}" ;;
esac
printf '@level answered\n@proof the configuration is whole, the packet filter is enabled with %s rules, the configuration daemon answers\n' "$(pfctl -s rules 2>/dev/null </dev/null | grep -c .)"

# Says which guests a cluster has, and the addresses of those that run here.
# shellcheck shell=sh disable=SC2154
ask cluster 20 pvesh get /cluster/status --output-format json
ask resources 20 pvesh get /cluster/resources --output-format json
ask settings 20 grep -rs -e ']$' -e ^net -e ^ipconfig -e ^ostype "${JURYMAST_ROOT-}/etc/pve/nodes"
ask machines 20 qm list
# Those that are not asked in time have the addresses of their settings only.
until=$(($(date +%s) + 25))
for guest in $(printf '%s\n' "$out" | awk '$3 == "running" { print $1 }'); do
    [ "$(date +%s)" -lt "$until" ] || break
    ask "agent/$guest" 10 qm guest cmd "$guest" network-get-interfaces
done
ask containers 20 pct list
for guest in $(printf '%s\n' "$out" | awk '$2 == "running" { print $1 }'); do
    [ "$(date +%s)" -lt "$until" ] || break
    ask "addresses/$guest" 10 lxc-info -n "$guest" -iH
done
echo '== end'

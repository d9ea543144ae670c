# Starts guest $INTO, which this run has brought back, with its network cut and
# without anything of the node that the live guest may use, and proves that it
# comes up. Says @level and @proof. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

steady
ours "$INTO" || die "guest $INTO was not made by run $RUN"
here "$INTO"
if ! running "$INTO"; then
    # Devices and folders of the node, and scripts that it would run.
    drop=$(awk '
        /^\[/ { exit }
        /^(hostpci|usb|parallel|virtiofs|dev)[0-9]+: |^(hookscript|args): / || /^serial[0-9]+: \/dev\// || /^mp[0-9]+: \// {
            sub(/:$/, "", $1); print $1
        }' "$conf" | tr '\n' ',')
    [ -z "$drop" ] || timeout 60 "$tool" set "$INTO" --delete "${drop%,}" >/dev/null </dev/null || die "guest $INTO keeps what belongs to its node: $drop"
    ! grep -q '^lxc\.' "$conf" || die "guest $INTO has settings of lxc itself, which may reach what is live: it is not started"
    awk '/^\[/ { exit } /^net[0-9]+: / { sub(/:$/, "", $1); gsub(/,link_down=[^,]*/, "", $2); print $1, $2 ",link_down=1" }' "$conf" >"$tmp/nets"
    while read -r card value; do
        timeout 60 "$tool" set "$INTO" "--$card" "$value" >/dev/null </dev/null || die "the network of guest $INTO cannot be cut: $card"
    done <"$tmp/nets"
    bare=$(awk '/^\[/ { exit } /^net[0-9]+: / && !/,link_down=1/ { print $1; exit } /^(hostpci|usb|virtiofs|dev)[0-9]+: |^(hookscript|args): |^mp[0-9]+: \// { print $1; exit }' "$conf")
    [ -z "$bare" ] || die "guest $INTO is still connected by $bare and is not started"
    needs=$(setting memory)
    needs=${needs#current=}
    has=$(awk '$1 == "MemAvailable:" { printf "%d\n", $2 / 1024 }' "${JURYMAST_ROOT-}/proc/meminfo" 2>/dev/null)
    [ -n "$has" ] || die "how much memory $me has left is not known"
    [ "$has" -gt "${needs:-512}" ] || die "guest $INTO needs ${needs:-512} MiB of memory, and $me has $has left: it could push live guests out"
    timeout 300 "$tool" start "$INTO" >&2 </dev/null || die "guest $INTO does not start"
fi
lives "$INTO"

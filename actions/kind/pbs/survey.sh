# Says whether the datastore can be used now. Changes nothing.
# shellcheck shell=sh disable=SC2034,SC2154

if ! command -v proxmox-backup-client >/dev/null; then
    echo '@missing proxmox-backup-client'
    exit 0
fi
echo '@tool proxmox-backup-client'
# With a repository it would ask the server, too.
printf '@version %s\n' "$(unset PBS_REPOSITORY && proxmox-backup-client version </dev/null 2>/dev/null | awk '/^client version/ { print $3 }')"
if [ -n "${KEY-}" ] && [ ! -r "$KEY" ]; then
    trouble "the key $KEY is not on this host: without it nothing can be encrypted, and no copy be read"
fi
command -v timeout >/dev/null && limit='timeout 60'
client status --output-format json >"$tmp/status" || trouble "$(why "$?")"
flat <"$tmp/status" >"$tmp/flat" || : >"$tmp/flat"
free=$(awk -F '\t' '$1 == ".avail" && $2 ~ /^[0-9]+$/ { print $2 }' "$tmp/flat")
[ -n "$free" ] || trouble "what the server of $REPOSITORY answers is not understood: it does not say how much room it has"
printf '@free %s\n' "$free"
snapshots || trouble "$(why "$?")"
exit 0

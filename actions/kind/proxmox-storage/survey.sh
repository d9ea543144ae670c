# Says whether copies of the guest can be made in the storage now. Changes
# nothing.
# shellcheck shell=sh disable=SC2154

if ! command -v pvesh >/dev/null; then
    echo '@missing Proxmox VE'
    exit 0
fi
version=$(dpkg-query -W -f '${Version}' pve-manager 2>/dev/null)
printf '@tool vzdump\n@version %s\n' "$version"
case $version in
'' | [0-6].* | 7.[01] | 7.[01][.-]*) trouble "Proxmox VE ${version:-of an unknown version} cannot note who made a copy: 7.2 can" ;;
esac
(steady) 2>"$tmp/err" || trouble "$(why 'its cluster cannot be seen')"
timeout 60 pvesm status --storage "$STORAGE" --content backup >"$tmp/said" 2>"$tmp/err" </dev/null || trouble "storage $STORAGE: $(why 'it cannot be asked')"
# Name, type, status, total, used and available in KiB; a header ahead of them.
row=$(awk -v name="$STORAGE" '$1 == name { print $3, $6 }' "$tmp/said")
case $row in
'active '*) ;;
'') trouble "no storage $STORAGE of $me takes copies" ;;
*) trouble "storage $STORAGE is ${row%% *} on $me" ;;
esac
free=${row#* }
case $free in
'' | *[!0-9]*) ;;
*) printf '@free %s\n' "$free" | awk '{ printf "%s %.0f\n", $1, $2 * 1024 }' ;;
esac
copies >/dev/null || trouble "the copies in $STORAGE cannot be listed: $(why 'nothing was said')"
exit 0

# Says whether a copy could be brought back as guest $INTO, or as the guest itself
# where that is empty: @present, @free where it is known, and @trouble where what
# is there now would be lost although no copy can hold it. Changes nothing.
# shellcheck shell=sh disable=SC2153,SC2154

(steady) 2>"$tmp/err" || trouble "$(why 'its cluster cannot be seen')"
(guest "${INTO:-$GUEST}" || :) 2>"$tmp/err" >/dev/null || trouble "$(why 'its cluster cannot be seen')"
if [ -n "$INTO" ]; then
    if guest "$INTO"; then echo '@present yes'; else echo '@present no'; fi
elif ! guest "$GUEST"; then
    echo '@present no'
else
    other='it can be brought back to another id (--to)'
    [ "$who" = "$me" ] || trouble "guest $GUEST is on $who, and $me was asked: say so in the inventory; $other"
    sid=vm:$GUEST
    [ "$form" = qemu ] || sid=ct:$GUEST
    if command -v ha-manager >/dev/null; then
        timeout 60 ha-manager config >"$tmp/said" 2>"$tmp/err" </dev/null || trouble "whether HA manages $sid is not known: $(why 'ha-manager says nothing')"
        ! grep -q "^$sid\$" "$tmp/said" || trouble "HA manages $sid, and would start it meanwhile: ha-manager remove $sid, or $other"
    fi
    [ "$(setting protection)" != 1 ] || trouble "guest $GUEST is protected from being replaced; $other"
    lock=$(setting lock)
    [ -z "$lock" ] || trouble "guest $GUEST is locked ($lock): see that no task of it runs; $other"
    snapshot=$(sed -n 's/^\[\(.*\)\]$/\1/p' "$conf" | grep -v -x -i -e pending -e 'special:cloudinit' | head -n 1)
    [ -z "$snapshot" ] || trouble "guest $GUEST has a snapshot, $snapshot, which no copy holds and which would be lost; $other"
    # Of a container only what is said to be is copied, and its disk.
    left=$(awk -v form="$form" '
        /^\[/ { exit }
        form == "qemu" && /^(scsi|virtio|ide|sata)[0-9]+: / && /,backup=(0|no|off)/ { print $2; exit }
        form == "lxc" && /^mp[0-9]+: / && !/,backup=(1|yes|on)/ { print $2; exit }' "$conf")
    [ -z "$left" ] || trouble "${left%%,*} of guest $GUEST is in no copy, and would be lost or left out; $other"
    echo '@present yes'
fi
disks=$DISKS
if [ -z "$disks" ] && guest "$GUEST"; then
    disks=$(awk '/^\[/ { exit } /^(scsi|virtio|ide|sata)[0-9]+: |^rootfs: / && !/media=cdrom/ { split($2, p, ":"); print p[1]; exit }' "$conf")
fi
[ -n "$disks" ] || exit 0
timeout 60 pvesm status --storage "$disks" >"$tmp/said" 2>"$tmp/err" </dev/null || trouble "storage $disks: $(why 'it cannot be asked')"
row=$(awk -v name="$disks" '$1 == name { print $3, $6 }' "$tmp/said")
case $row in
'active '*[!0-9]* | 'active ') ;;
'active '*) printf '%s\n' "${row#* }" | awk '{ printf "@free %.0f\n", $1 * 1024 }' ;;
*) trouble "storage $disks, where its disks would go, is ${row:-not there}" ;;
esac

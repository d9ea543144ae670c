# Snapshots of LVM, behind files/snapshot.sh: thin ones in their pool, others in
# room of their own, which are void once that is full.
# shellcheck shell=sh disable=SC2034,SC2154

# snap_lvs asks LVM for fields of what is named; warnings are left out unless
# it fails.
snap_lvs() {
    snap_fields=$1
    shift
    lvs --noheadings --nosuffix --units b --separator '|' -o "$snap_fields" "$@" 2>/dev/null </dev/null | sed 's/^[[:space:]]*//'
}

# snap_asked is snap_lvs that ends with a code of LVM's.
snap_asked() {
    snap_all=$(lvs "$@" 2>&1 >/dev/null </dev/null) || {
        snap_last "$snap_all" >&2
        return 1
    }
}

snap_tool() { command -v lvcreate >/dev/null || snap_no "LVM is not installed here: apt install lvm2"; }

snap_volume() {
    case $snap_type in
    ext2 | ext3 | ext4 | xfs) ;;
    *) snap_no "$1 lies on $snap_type: of a snapshot of LVM, ext4 and xfs can be read" ;;
    esac
    snap_why=$(snap_asked "$snap_source" 2>&1) || snap_no "$1 lies on $snap_source, which is no volume of LVM: $snap_why"
    snap_row=$(snap_lvs vg_name,lv_name,lv_size,vg_free,segtype,pool_lv "$snap_source" | head -n 1)
    IFS='|' read -r snap_vg snap_lv snap_size snap_free snap_sort snap_pool <<JM_ROW
$snap_row
JM_ROW
    case $snap_size/$snap_free in
    *[!0-9/]* | /* | */) snap_no "what LVM says of $snap_source is not understood: $snap_row" ;;
    esac
    snap_volume=$snap_vg/$snap_lv
    snap_rest=$snap_in
}

snap_could() {
    if [ "$snap_sort" = thin ]; then
        snap_row=$(snap_lvs data_percent,metadata_percent "$snap_vg/$snap_pool")
        printf '%s\n' "$snap_row" | awk -F '|' '{ ok = $1 ~ /^[0-9.]+$/ && $2 ~ /^[0-9.]+$/ && $1 < 90 && $2 < 90 } END { exit !ok }' ||
            snap_no "the thin pool $snap_vg/$snap_pool is filled to ${snap_row:-what is not known} percent (data|metadata), and a snapshot may fill it: then $snap_volume itself cannot be written. From 90 on none is made"
    else
        printf '%s %s %s\n' "$snap_size" "$snap_free" "$ROOM" | awk '{ exit !($2 >= $1 * $3 / 100) }' ||
            snap_no "a snapshot of $ROOM % of $snap_volume needs $(printf '%s %s\n' "$snap_size" "$ROOM" | awk '{ printf "%.0f", $1 * $2 / 100 }') bytes, and its volume group has $snap_free free: see vgs, or set snapshot_room"
    fi
}

snap_make() {
    if [ "$snap_sort" = thin ]; then
        # Thin snapshots are not activated by themselves unless told so.
        snap_said=$(lvcreate -q -y -s -p r -k n -n "$snap_name" "$snap_volume" 2>&1 </dev/null && lvchange -q -y -K -a y "$snap_vg/$snap_name" 2>&1 </dev/null)
    else
        snap_said=$(lvcreate -q -y -s -p r -l "$ROOM%ORIGIN" -n "$snap_name" "$snap_volume" 2>&1 </dev/null)
    fi || die "no snapshot of $snap_volume can be made: $(snap_last "$snap_said")"
}

# snap_rows prints what LVM knows of the snapshots of this target.
snap_rows() {
    snap_asked || return 1
    snap_lvs vg_name,lv_name,origin,lv_attr,data_percent | awk -F '|' -v mark="$MARK" 'index($2, mark) == 1 && $3 != ""'
}

snap_left() {
    snap_listed=$(snap_rows) || return 1
    printf '%s\n' "$snap_listed" | awk -F '|' 'NF > 1 { print $1 "/" $2 }'
}

snap_drop() { lvremove -q -f -y "$1"; }

snap_whole() {
    snap_listed=$(snap_rows 2>&1) || die "it is not known whether the snapshot is whole: $(snap_last "$snap_listed")"
    snap_row=$(printf '%s\n' "$snap_listed" | awk -F '|' -v name="$snap_name" '$2 == name')
    IFS='|' read -r snap_vg _ snap_of snap_attr snap_percent <<JM_ROW
$snap_row
JM_ROW
    [ -n "$snap_attr" ] || die "the snapshot $snap_name is not there any more"
    case $snap_attr:${snap_percent%%.*} in
    S* | ????[IS]* | s*:100) die "the snapshot of $snap_of overflowed: more than its room was written meanwhile. Raise snapshot_room, or copy when less is written" ;;
    ????????[!-]*:*) die "the snapshot of $snap_of is damaged: LVM says $snap_attr" ;;
    V???a*) ;;
    s???a*:[0-9] | s???a*:[0-9][0-9]) ;;
    *) die "it is not known whether the snapshot of $snap_of is whole: LVM says $snap_attr, ${snap_percent:-nothing} percent" ;;
    esac
}

# snap_mount reads it as it is. The file system was frozen when it was made, so
# that there is nothing to play back from its journal.
snap_mount() {
    case $snap_type in
    xfs) snap_how=ro,nouuid,norecovery ;;
    ext2) snap_how=ro ;;
    *) snap_how=ro,noload ;;
    esac
    mount -t "$snap_type" -o "$snap_how" "/dev/$snap_vg/$snap_name" "$1"
}

# Snapshots of ZFS, behind files/snapshot.sh: of one dataset, never of those in it.
# shellcheck shell=sh disable=SC2034,SC2154

snap_tool() { command -v zfs >/dev/null || snap_no "ZFS is not installed here: apt install zfsutils-linux"; }

snap_volume() {
    [ "$snap_type" = zfs ] || snap_no "$1 lies on $snap_type, which is no ZFS"
    snap_volume=$snap_source
    snap_rest=$snap_in
}

snap_could() { :; }

snap_make() {
    snap_said=$(zfs snapshot "$snap_volume@$snap_name" 2>&1 </dev/null) || die "no snapshot of $snap_volume can be made: $(snap_last "$snap_said")"
}

snap_left() {
    snap_listed=$(zfs list -H -t snapshot -o name 2>&1 </dev/null) || {
        snap_last "$snap_listed" >&2
        return 1
    }
    printf '%s\n' "$snap_listed" | awk -v mark="@$MARK" 'index($0, mark)'
}

# snap_drop is told of a snapshot: without the sign it would be a dataset.
snap_drop() {
    case $1 in
    *@"$MARK"*) zfs destroy "$1" ;;
    *) false ;;
    esac
}

snap_whole() {
    snap_listed=$(snap_left 2>&1) || die "it is not known whether the snapshot is there: $(snap_last "$snap_listed")"
    printf '%s\n' "$snap_listed" | awk -v name="@$snap_name" '{ if (substr($0, index($0, "@")) == name) found = 1 } END { exit !found }' ||
        die "the snapshot $snap_name is not there any more"
}

# snap_mount does not go by .zfs/snapshot: the kernel mounts what is asked for
# there in the namespace of its first process, and not in ours
# (github.com/openzfs/zfs issue 3512). mount.zfs(8) mounts snapshots by name.
snap_mount() { mount -t zfs -o ro "$snap_volume@$snap_name" "$1"; }

# Snapshots of btrfs, behind files/snapshot.sh. They lie at the top of the file
# system, which is mounted for that where nobody else sees it.
# shellcheck shell=sh disable=SC2034,SC2154

snap_tool() {
    command -v btrfs >/dev/null || snap_no "btrfs is not installed here: apt install btrfs-progs"
}

# snap_top runs a command with the top of the file system at $snap_folder.
snap_top() {
    mkdir -p "$snap_folder" || return 1
    # shellcheck disable=SC2016 # expanded by the other shell
    unshare -m /bin/sh -c 'mount -t btrfs -o subvolid=5 "$1" "$2" || exit 1; shift 2; "$@"' sh "$snap_source" "$snap_folder" "$@" </dev/null
}

# snap_inode prints the number of a file: 256 is the root of a subvolume.
# shellcheck disable=SC2012 # stat is not POSIX, and the name is not read
snap_inode() { ls -di "$1" 2>/dev/null | awk 'NR == 1 { print $1 }'; }

snap_volume() {
    [ "$snap_type" = btrfs ] || snap_no "$1 lies on $snap_type, which is no btrfs"
    snap_sub=$snap_real
    until [ "$(snap_inode "$snap_sub")" = 256 ]; do
        case $snap_sub in
        / | "$snap_at") snap_no "$1 is mounted from a folder of a subvolume: name the path where the subvolume itself is mounted" ;;
        esac
        snap_sub=${snap_sub%/*}
        snap_sub=${snap_sub:-/}
    done
    snap_rest=${snap_real#"${snap_sub%/}"}
    snap_inner=$(btrfs subvolume list -o "$snap_sub" 2>&1 </dev/null) || snap_no "the subvolumes in $snap_sub are not known: $(snap_last "$snap_inner")"
    snap_inner=$(printf '%s\n' "$snap_inner" | JM_IN=${snap_in#/} awk '
        $0 == "" { next }
        !sub(/^ID [0-9]+ gen [0-9]+ top level [0-9]+ path (<FS_TREE>\/)?/, "") { print "not understood: " $0; next }
        index($0, "jurymast.") == 1 { next }
        ENVIRON["JM_IN"] == "" || index($0, ENVIRON["JM_IN"] "/") == 1' | head -n 1)
    [ -z "$snap_inner" ] || snap_no "$1 holds the subvolume $snap_inner, which would not be in a snapshot: name it as a target of its own"
    snap_volume=$snap_sub
}

snap_could() { :; }

snap_make() {
    snap_said=$(snap_top btrfs subvolume snapshot -r "$snap_sub" "$snap_folder/$snap_name" 2>&1) || die "no snapshot of $snap_sub can be made: $(snap_last "$snap_said")"
}

# snap_fs finds the file system by the table of mounts alone: the data may be gone.
snap_fs() {
    snap_path=$(roots | head -n 1)
    snap_lies "$snap_path"
    [ "$snap_type" = btrfs ] || {
        echo "$snap_path lies on no btrfs" >&2
        return 1
    }
}

snap_left() {
    snap_fs || return 1
    snap_listed=$(snap_top ls -A "$snap_folder" 2>&1) || {
        snap_last "$snap_listed" >&2
        return 1
    }
    printf '%s\n' "$snap_listed" | awk -v mark="$MARK" 'index($0, mark) == 1'
}

snap_drop() {
    snap_fs && snap_top btrfs subvolume delete "$snap_folder/$1"
}

snap_whole() {
    snap_fs || exit 1
    snap_said=$(snap_top btrfs property get -ts "$snap_folder/$snap_name" ro 2>&1) || die "the snapshot $snap_name is not there any more: $(snap_last "$snap_said")"
    [ "$(snap_last "$snap_said")" = ro=true ] || die "the snapshot $snap_name can be written to: $(snap_last "$snap_said")"
}

snap_mount() { mount -t btrfs -o "subvol=/$snap_name" "$snap_source" "$1"; }

# What ZFS knows of datasets and their snapshots, here and at the other end.
# shellcheck shell=sh disable=SC2034,SC2154

# property prints one property of a dataset or a snapshot. It ends as zfs does,
# whose words it leaves in $tmp/zfs.err.
property() { zfs get -H -p -o value "$1" "$2" 2>"$tmp/zfs.err" </dev/null; }

# told prints the last that zfs said.
told() { grep -v '^[[:space:]]*$' "$tmp/zfs.err" | tail -n 1; }

# held tells whether a snapshot is held by us.
held() { zfs holds -H "$1" 2>/dev/null </dev/null | awk -F '\t' '$2 == "jurymast" { found = 1 } END { exit !found }'; }

# hold keeps a snapshot from being removed, by whoever.
hold() { held "$1" || zfs hold jurymast "$1" 2>"$tmp/zfs.err" </dev/null; }

# drop removes exactly one snapshot or bookmark. What may be in no name would
# have zfs take a list or a range of them, or a whole dataset.
drop() {
    case $1 in
    *[,%]*) echo "$1 is the name of more than one" >"$tmp/zfs.err" && return 1 ;;
    *@jurymast:*) ! held "$1" || zfs release jurymast "$1" 2>"$tmp/zfs.err" </dev/null || return 1 ;;
    *'#jurymast:'*) ;;
    *) echo "$1 is no snapshot of ours" >"$tmp/zfs.err" && return 1 ;;
    esac
    zfs destroy "$1" 2>"$tmp/zfs.err" </dev/null
}

# open_files mounts a snapshot at $tmp/at, for which its dataset need not be
# mounted, and close_files ends that.
open_files() {
    mkdir "$tmp/at" || return 1
    trap 'umount "$tmp/at" 2>/dev/null; rm -rf "$tmp"' EXIT
    mount -t zfs -o ro "$1" "$tmp/at" 2>"$tmp/zfs.err" </dev/null
}
close_files() { umount "$tmp/at" && rmdir "$tmp/at"; }

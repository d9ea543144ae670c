# Snapshots of the volume on which data lies, so that a copy is of one instant.
# Behind files/lib.sh, and ahead of snapshot-lvm.sh, snapshot-btrfs.sh or
# snapshot-zfs.sh, which have:
#   snap_volume     finds, of the path that snap_lies was told, $snap_volume and
#                   $snap_rest: what the path is called in a snapshot of that
#   snap_could      whether a snapshot of it can be made now
#   snap_make       makes $snap_name
#   snap_whole      0 while that is whole, else says why it is not
#   snap_mount AT   mounts it
#   snap_left       prints the snapshots of this target, a line each
#   snap_drop ID    removes one of those
# Inputs: ROOTS; MARK, what the names of this target's snapshots begin with; ROOM,
# how much of the volume may change meanwhile, in percent.
# shellcheck shell=sh disable=SC2034,SC2154

snap_folder=${JURYMAST_ROOT-}/var/lib/jurymast/snapshot # nothing but snapshots is mounted there
snap_name=$MARK$(printf '%s' "${RUN-}" | tr -c 'A-Za-z0-9' '_')

# snap_no says why there can be no snapshot.
snap_no() { die "$*"; }

# snap_last says the last line of what a tool complained of.
snap_last() { printf '%s\n' "$*" | grep -v '^[[:space:]]*$' | tail -n 1 | sed 's/^[[:space:]]*//'; }

# snap_lies finds of a path $snap_real, and of its file system $snap_type,
# $snap_source and $snap_at, and $snap_in: what the path is called inside it.
snap_lies() {
    snap_table=${JURYMAST_ROOT-}/proc/self/mountinfo
    snap_real=$(readlink -f "$1" 2>/dev/null)
    snap_real=${snap_real:-$1}
    snap_written=$(printf '%s' "$snap_real" | sed -e 's/\\/\\134/g' -e 's/ /\\040/g' -e 's/	/\\011/g')
    snap_found=$(JM_AT=$snap_written awk '
        BEGIN { path = ENVIRON["JM_AT"] }
        $5 == "/" || $5 == path || index(path, $5 "/") == 1 {
            if (length($5) < best) next
            best = length($5)
            for (i = 7; i < NF && $i != "-"; i++);
            found = $5 "\n" $4 "\n" $(i + 1) "\n" $(i + 2)
        }
        index($5, path "/") == 1 && $5 !~ /\/\.zfs\/snapshot\// { below = $5 }
        END { print found "\n" below }' "$snap_table" 2>/dev/null) || snap_no "the table of mounts cannot be read: $snap_table"
    {
        IFS= read -r snap_at
        IFS= read -r snap_in
        IFS= read -r snap_type
        IFS= read -r snap_source
        IFS= read -r snap_below
    } <<JM_FOUND
$snap_found
JM_FOUND
    [ -n "$snap_source" ] || snap_no "it is not known on what $1 lies"
    [ -z "${snap_below-}" ] || snap_no "something is mounted at $(printf '%b' "$snap_below"), below $1: it would not be in a snapshot"
    # The table writes blanks in octal, as printf reads them.
    snap_at=$(printf '%b' "$snap_at")
    snap_source=$(printf '%b' "$snap_source")
    snap_in=$(printf '%b' "$snap_in")
    snap_in=${snap_in%/}${snap_real#"${snap_at%/}"}
}

# snap_each finds for every path that is there what snap_volume does, and notes
# it in $snap_paths: two lines each, what it is called in a snapshot, and the path.
snap_each() {
    snap_paths='' snap_first=''
    while IFS= read -r snap_path <&3; do
        if [ -z "$snap_path" ] || [ ! -e "$snap_path" ]; then
            continue
        fi
        snap_lies "$snap_path"
        snap_volume "$snap_path"
        snap_first=${snap_first:-$snap_volume}
        [ "$snap_first" = "$snap_volume" ] || snap_no "its data lies on $snap_first and on $snap_volume, whose snapshots would not be of one instant: name them as targets of their own"
        snap_paths="$snap_paths$snap_rest
$snap_path
"
    done 3<<JM_ROOTS
$(roots)
JM_ROOTS
    [ -n "$snap_paths" ] || snap_no "nothing of it is there: $(roots | tr '\n' ' ')"
}

# snap_end ends what still copies from a snapshot: processes of a mount namespace
# of ours, in which it is mounted where only we do that.
snap_end() {
    for snap_proc in "${JURYMAST_ROOT-}/proc"/[0-9]*; do
        grep -F -e " $snap_folder " "$snap_proc/mountinfo" 2>/dev/null | grep -qF -e "$1" || continue
        kill -KILL "${snap_proc##*/}" 2>/dev/null
    done
}

# snap_away removes a snapshot, and leaves in $snap_why why it could not.
snap_away() {
    snap_try=0
    until snap_why=$(snap_drop "$1" 2>&1 </dev/null); do
        snap_try=$((snap_try + 1))
        [ "$snap_try" -lt 5 ] || return 1
        snap_end "${1##*[/@]}"
        sleep 1
    done
}

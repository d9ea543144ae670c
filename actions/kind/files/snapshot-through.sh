# Makes the paths of the data lead to the snapshot of this run, in the mount
# namespace that this is run in, which nothing else may be in.
# shellcheck shell=sh disable=SC2154

[ "$(readlink /proc/self/ns/mnt)" != "$(readlink /proc/1/ns/mnt)" ] || [ -n "${JURYMAST_ROOT-}" ] || die "this is the host's own table of mounts: nothing was changed"
snap_each
mkdir -p "$snap_folder" || die "$snap_folder cannot be made"
said=$(snap_mount "$snap_folder" 2>&1 </dev/null) || die "the snapshot $snap_name cannot be mounted: $(snap_last "$said")"
while IFS= read -r rest <&3 && IFS= read -r path <&3; do
    [ -n "$path" ] || continue
    [ -e "$snap_folder$rest" ] || die "$path is not in the snapshot: it was made since, or is somewhere else now"
    mount -o bind "$snap_folder$rest" "$path" || die "$path cannot be made to lead to the snapshot"
done 3<<JM_PATHS
$snap_paths
JM_PATHS

# Makes a snapshot of what the data lies on, and removes what an earlier copy
# left. Says @snapshot.
# shellcheck shell=sh disable=SC2154

snap_tool
snap_each
left=$(snap_left 2>&1) || die "it is not known whether an earlier copy left a snapshot: $(snap_last "$left")"
while IFS= read -r id <&3; do
    [ -n "$id" ] || continue
    snap_away "$id" || die "the snapshot $id, which an earlier copy left, cannot be removed: $(snap_last "$snap_why")"
    echo "removed the snapshot $id, which an earlier copy left"
done 3<<JM_LEFT
$left
JM_LEFT
snap_could
snap_make
snap_whole
printf '@snapshot %s of %s\n' "$snap_name" "$snap_volume"

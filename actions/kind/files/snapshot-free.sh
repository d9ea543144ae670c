# Removes the snapshot of this run.
# shellcheck shell=sh disable=SC2154

left=$(snap_left 2>&1) || die "it is not known whether the snapshot $snap_name is there: $(snap_last "$left")"
id=$(printf '%s\n' "$left" | awk -v name="$snap_name" '{ n = $0; sub(/.*[\/@]/, "", n); if (n == name) { print; exit } }')
[ -n "$id" ] || exit 0
snap_away "$id" || die "the snapshot $id cannot be removed: $(snap_last "$snap_why")"
left=$(snap_left 2>&1) || die "it is not known whether the snapshot $id is gone: $(snap_last "$left")"
! printf '%s\n' "$left" | grep -qxF -e "$id" || die "the snapshot $id was removed, and is still there"

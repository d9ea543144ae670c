# Exit 0 when Samba lets nobody in who is kept out, and none of them is in.
# shellcheck shell=sh disable=SC2154
withdrawn || die "share $SHARE is not withdrawn"
smbcontrol -s "$file" smbd ping >/dev/null 2>&1 || die 'smbd does not answer'
list=$(users) || exit 1
[ -z "$list" ] || die "share $SHARE is still in use by $(printf '%s' "$list" | tr '\n' ' ')"

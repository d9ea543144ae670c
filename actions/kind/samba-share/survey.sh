# Whether the share could be withdrawn.
# shellcheck shell=sh disable=SC2154
[ -r "$file" ] || die "$file cannot be read"
grep -qi "^[[:space:]]*\[$SHARE\]" "$file" || die "there is no section [$SHARE] in $file"
smbcontrol -s "$file" smbd ping >/dev/null 2>&1 || die 'smbd does not answer'
users >/dev/null || exit 1
if [ -n "$ADDRESS" ] && [ -n "$(said 'hosts allow')" ]; then
    die "share $SHARE has hosts allow, which goes before hosts deny"
fi

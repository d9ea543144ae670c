# Gives the share back.
# shellcheck shell=sh disable=SC2154
if grep -qF "$mark" "$file"; then
    awk -v mark="$mark" 'skip { skip = 0; next } $0 == mark { skip = 1; next } { print }' "$file" >"$file.jurymast" || exit 1
    chmod 644 "$file.jurymast"
    mv "$file.jurymast" "$file" || die "$file cannot be changed"
fi
smbcontrol -s "$file" smbd reload-config || die 'smbd does not read its configuration again'

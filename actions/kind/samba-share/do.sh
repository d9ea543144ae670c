# Withdraws the share, and only then closes it: who is merely sent away connects
# again by itself.
# shellcheck shell=sh disable=SC2154
if ! grep -qF "$mark" "$file"; then
    awk -v share="[$SHARE]" -v mark="$mark" -v line="$line" '
        function fence() { if (inside) { print mark; print "   " line; done = 1 }; inside = 0 }
        {
            bare = tolower($0)
            gsub(/^[ \t]+|[ \t]+$/, "", bare)
            if (bare ~ /^\[/) {
                fence()
                inside = bare == tolower(share)
            }
            print
        }
        END { fence(); exit !done }' "$file" >"$file.jurymast" || die "there is no section [$SHARE] in $file"
    chmod 644 "$file.jurymast"
    mv "$file.jurymast" "$file" || die "$file cannot be changed"
fi
withdrawn || die "$file says otherwise of $SHARE: testparm -s"
smbcontrol -s "$file" smbd reload-config || die 'smbd does not read its configuration again'
tries=0
while :; do
    smbcontrol -s "$file" smbd close-share "$SHARE" || die "smbd does not close $SHARE"
    list=$(users) || exit 1
    [ -n "$list" ] || exit 0
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || die "share $SHARE is still in use by $(printf '%s' "$list" | tr '\n' ' ')"
    sleep 1
done

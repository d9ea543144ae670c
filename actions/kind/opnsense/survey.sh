# Says whether and how much can be copied.
# shellcheck shell=sh disable=SC2154
command -v opnsense-version >/dev/null || trouble 'this is no OPNsense: there is no opnsense-version'
printf '@scratch %s\n@free %s\n' "$FOLDER" "$(free_at "${JURYMAST_ROOT-}$FOLDER")"
[ -r "$running" ] || trouble "$running is not there: it says which version a copy belongs to"
printf '@version %s\n' "$(told "$running" version)"
if [ -e "$config" ]; then
    said=$( (whole_xml "$config") 2>&1) || trouble "$said"
fi
measured=$(measure "$config" "$running")
printf '@bytes %s\n' "${measured#* }"

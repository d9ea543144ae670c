# What is common to withdrawing a Samba share. Inputs: NAME (of the fence),
# SHARE, CONFIG, ADDRESS (of the host; empty for everybody).
# shellcheck shell=sh disable=SC2034,SC2154
command -v smbcontrol >/dev/null || die 'smbcontrol is not there: no Samba server runs here'
file=${JURYMAST_ROOT-}$CONFIG
mark="# jurymast-fence:$NAME"
if [ -n "$ADDRESS" ]; then
    line="hosts deny = $ADDRESS"
else
    line='available = no'
fi

# said prints what Samba makes of a setting of the share.
said() {
    testparm -s --section-name="$SHARE" --parameter-name="$1" "$file" 2>/dev/null
}

# users prints who of those that are kept out has the share open, and ends it where
# that cannot be seen. Who is shown by a name may be any of them.
users() {
    if ! open=$(smbstatus -s "$file" -S 2>&1 </dev/null); then
        case $open in
        *'never connected'*) return 0 ;;
        esac
        die "who uses share $SHARE cannot be seen: $(printf '%s\n' "${open:-smbstatus says nothing}" | tail -n 1)"
    fi
    printf '%s\n' "$open" | awk -v share="$SHARE" -v address="$ADDRESS" '
        BEGIN { share = tolower(share) " " }
        index(tolower($0), share) == 1 {
            # A name may hold blanks: behind it come its process and who it is.
            $0 = substr($0, length(share))
            if ($1 !~ /^[0-9:]+$/) next
            who = $2
            bare = who
            sub(/^::ffff:/, "", bare)
            if (address == "" || bare == address || bare !~ /^([0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*)$/) print who
        }'
}

# withdrawn tells whether Samba would let nobody in who is kept out.
withdrawn() {
    if [ -n "$ADDRESS" ]; then
        said 'hosts deny' | tr -s ' ,' '\n' | grep -qxF "$ADDRESS"
    else
        [ "$(said available)" = No ]
    fi
}

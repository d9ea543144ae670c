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

# users prints who of those that are kept out has the share open.
users() {
    smbstatus -s "$file" -S 2>/dev/null | awk -v share="$SHARE" -v address="$ADDRESS" 'tolower($1) == tolower(share) && (address == "" || $3 == address) { print $3 }'
}

# withdrawn tells whether Samba would let nobody in who is kept out.
withdrawn() {
    if [ -n "$ADDRESS" ]; then
        said 'hosts deny' | tr -s ' ,' '\n' | grep -qxF "$ADDRESS"
    else
        [ "$(said available)" = No ]
    fi
}

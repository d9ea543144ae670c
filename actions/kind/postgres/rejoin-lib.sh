# What the scripts that make a host follow another have in common.
# shellcheck shell=sh disable=SC2034,SC2154

# keep_swap ends the exchange of a data folder that was cut off between its two
# renames.
keep_swap() {
    locate || true
    if [ -n "$DATA" ] && [ ! -e "$DATA" ] && [ -e "$DATA.jurymast-new/PG_VERSION" ] && [ -e "$DATA.jurymast/swap" ]; then
        mv "$DATA.jurymast-new" "$DATA" || exit 1
    fi
}

# quoted prints a value as it stands in a connection string, doubled for the
# configuration file that the string stands in.
quoted() {
    printf "''%s''" "$(printf '%s' "$1" | sed "s/\\\\/\\\\\\\\/g; s/'/\\\\'/g; s/\\\\/\\\\\\\\/g; s/'/''/g")"
}

# follow makes a data folder one of a standby of the peer.
follow() {
    info="host=$(quoted "$PEER") port=$PEER_PORT user=$(quoted "$REPLICA") application_name=$(quoted "$NAME")"
    [ -z "${PGPASSWORD-}" ] || info="$info password=$(quoted "$PGPASSWORD")"
    {
        grep -v '^ *primary_\(conninfo\|slot_name\) *=' "$1/postgresql.auto.conf" 2>/dev/null
        printf "primary_conninfo = '%s'\n" "$info"
        [ -z "$SLOT" ] || printf "primary_slot_name = '%s'\n" "$SLOT"
    } | put_file "$1/postgresql.auto.conf" || die "$1 cannot be written to"
    : | put_file "$1/standby.signal" || die "$1 cannot be written to"
}

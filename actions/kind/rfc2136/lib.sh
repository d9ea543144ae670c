# What is common to changing a record by updates. Inputs: SERVER ("SERVER PORT"),
# ZONE (empty: the server is asked), KEY, ALGORITHM, TTL (seconds; empty: as it
# is); TSIG_SECRET is a secret.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
command -v nsupdate >/dev/null || die 'nsupdate is not there (apt install bind9-dnsutils)'
server=${SERVER% *} port=${SERVER#* }
# What is no base64 would be printed by nsupdate, as what it cannot read.
secret=$(printf '%s' "${TSIG_SECRET-}" | tr -d ' \t\r\n')
case $secret in
'' | *[!A-Za-z0-9+/=]*) die "the secret of the key $KEY is no base64: it is what stands behind \"secret\" in the server's file" ;;
esac

# update sends the changes of standard input, on the condition that the record
# leads to $1 alone. It ends with 1 and says in $why what is wrong; $failed is
# the server's own word.
#
# It goes by TCP: over UDP nsupdate sends again what is not answered in time, and
# the second of two equal updates fails by the condition that the first changed.
update() {
    failed='' why=''
    if said=$({
        printf 'server %s %s\n' "$server" "$port"
        [ -z "$ZONE" ] || printf 'zone %s.\n' "$ZONE"
        printf 'key %s:%s %s\n' "$ALGORITHM" "$KEY." "$secret"
        printf 'prereq yxrrset %s. %s %s\n' "$RECORD" "$TYPE" "$1"
        cat
        printf 'send\n'
    } | timeout 60 nsupdate -v -t 20 2>&1); then
        return 0
    fi
    failed=$(printf '%s\n' "$said" | sed -n 's/^update failed: //p' | tail -n 1)
    case "$failed $said" in
    *BADKEY*) why="$server does not know the key $KEY, or not with $ALGORITHM" ;;
    *BADSIG*) why="$server has another secret for the key $KEY" ;;
    *BADTIME* | *'clocks are unsynchronized'*) why="the clocks of this host and of $server are more than five minutes apart: no signature counts (chronyc tracking)" ;;
    NXRRSET*) why="$RECORD does not lead to $1 any more" ;;
    NOTAUTH*) why="$server is not the primary of the zone of $RECORD (NOTAUTH)" ;;
    NOTZONE*) why="$RECORD does not lie in the zone $ZONE (NOTZONE)" ;;
    REFUSED*) why="the key $KEY may not change $RECORD at $server (REFUSED): see update-policy or allow-update there" ;;
    SERVFAIL*) why="$server cannot write its zone (SERVFAIL): see its log, and the rights of its folder" ;;
    NOTIMP*) why="$server takes no updates (NOTIMP)" ;;
    *) why="$server: $(printf '%s' "${said:-nothing was said}" | tr '\n' ' ')" ;;
    esac
    return 1
}

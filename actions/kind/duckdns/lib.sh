# What is common to changing a record at DuckDNS. Inputs: API (its address),
# SUBDOMAIN; DUCKDNS_TOKEN is a secret.
# shellcheck shell=sh disable=SC2034,SC2154
token=$(printf '%s' "${DUCKDNS_TOKEN-}" | tr -d ' \t\r\n')
case $token in
'' | *[!A-Za-z0-9-]*) die 'the token is empty, or has signs that no token of DuckDNS has' ;;
esac

# told says the record's address to DuckDNS. It leaves UPDATED or NOCHANGE in
# $change. The token is part of the address, which therefore is no argument.
told() {
    request <<EOF || die "DuckDNS does not answer: $why"
url = "$API/update?domains=$SUBDOMAIN&token=$token&ip=$1&verbose=true"
EOF
    [ "$code" = 200 ] || die "DuckDNS answers with HTTP $code"
    case $body in
    KO*) die "DuckDNS says KO: the token is wrong, or $RECORD is not one of its names" ;;
    esac
    # OK, the address, that of IPv6 or nothing, and what came of it: a line each.
    has=$(printf '%s\n' "$body" | tr -d '\r' | sed -n 2p)
    change=$(printf '%s\n' "$body" | tr -d '\r' | sed -n 4p)
    case "$(printf '%s\n' "$body" | tr -d '\r' | sed -n 1p) $change" in
    'OK UPDATED' | 'OK NOCHANGE') ;;
    *) die "DuckDNS answers what is not known of it, or half of it: $(printf '%s' "$body" | tr '\n' ' ' | cut -c 1-80)" ;;
    esac
    [ "$has" = "$1" ] || die "DuckDNS says that $RECORD leads to ${has:-nothing} and not to $1"
}

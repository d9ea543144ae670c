# What is common to changing a record at Cloudflare. Inputs: API (its address),
# ZONE (name); CLOUDFLARE_TOKEN is a secret.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
token=$(printf '%s' "${CLOUDFLARE_TOKEN-}" | tr -d ' \t\r\n')
case $token in
'' | *[!A-Za-z0-9_-]*) die 'the token is empty, or has signs that no token of Cloudflare has' ;;
esac

# call asks the API and leaves its answer, flat, in $doc.
call() {
    request "$@" <<EOF || die "Cloudflare does not answer: $why"
header = "Authorization: Bearer $token"
header = "Content-Type: application/json"
EOF
    doc=$(printf '%s\n' "$body" | flat) || die "Cloudflare answers with HTTP $code and what is no JSON, or half of it"
    [ "$(at "$doc" .success)" != true ] || [ "$code" != 200 ] || return 0
    wrong=$(at "$doc" '.errors.0.code')
    words="$(at "$doc" '.errors.0.message') $(at "$doc" '.errors.0.error_chain.0.message')"
    case $wrong in
    9109 | 10000 | 6003 | 6111 | 1000 | 1001) die "Cloudflare refuses the token: ${words% } ($wrong): it is wrong, has expired, or lacks DNS:Edit and Zone:Read of $ZONE" ;;
    esac
    die "Cloudflare: ${words% } (HTTP $code, error ${wrong:-of no number})"
}

# find_record leaves of the record what the API has: $zone, $id, $content, $lasts (its
# TTL in seconds) and $proxied.
find_record() {
    call "$API/zones?name=$ZONE"
    [ "$(at "$doc" '.result.#') $(at "$doc" '.result.0.name')" = "1 $ZONE" ] ||
        die "Cloudflare has no zone $ZONE that this token may read"
    zone=$(at "$doc" '.result.0.id')
    state=$(at "$doc" '.result.0.status')
    [ "$state" = active ] || die "the zone $ZONE is ${state:-of no known state} at Cloudflare, and not active: nobody asks it"
    hex "$zone"
    # What the token may do there; not every answer has it.
    case $(printf '%s\n' "$doc" | grep '^\.result\.0\.permissions\.') in
    *'#dns_records:edit'*) ;;
    *'#dns_records:read'*) die "the token may read the records of $ZONE and not change them: it needs DNS:Edit" ;;
    esac
    call "$API/zones/$zone/dns_records?name=$RECORD&per_page=100"
    n=$(at "$doc" '.result.#')
    i=0 found='' alias=''
    while [ "$i" -lt "${n:-0}" ]; do
        if [ "$(at "$doc" ".result.$i.name")" = "$RECORD" ]; then
            case $(at "$doc" ".result.$i.type") in
            "$TYPE") found="$found $i" ;;
            CNAME) alias=yes ;;
            esac
        fi
        i=$((i + 1))
    done
    [ -z "$alias" ] || die "$RECORD is an alias (CNAME) at Cloudflare: name the record that it leads to"
    # shellcheck disable=SC2086 # numbers, one a word
    set -- $found
    [ "$#" != 0 ] || die "Cloudflare has no record $RECORD of type $TYPE: make it first"
    [ "$#" = 1 ] || die "$RECORD leads to several addresses, of which jurymast would change one alone"
    id=$(at "$doc" ".result.$1.id")
    hex "$id"
    record_of ".result.$1"
}

# record_of takes the record at a path of the answer.
record_of() {
    content=$(at "$doc" "$1.content")
    lasts=$(at "$doc" "$1.ttl")
    proxied=$(at "$doc" "$1.proxied")
    case $lasts in '' | *[!0-9]*) die "Cloudflare says of $RECORD the TTL ${lasts:-nothing}, which is none" ;; esac
    case $proxied in true | false) ;; *) die "Cloudflare does not say whether $RECORD is proxied" ;; esac
    # 1 is "automatic".
    [ "$lasts" != 1 ] || lasts=300
}

# hex ends it for what is no id: it becomes part of an address.
hex() {
    case $1 in '' | *[!0-9a-f]*) die "Cloudflare gives an id that is none: $1" ;; esac
}

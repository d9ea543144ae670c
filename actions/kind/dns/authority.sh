# What is common to changing a record: what it leads to by the word of the
# servers that have it, and what it is to lead to. Inputs: RECORD, TYPE (A or
# AAAA), ADDRESSES ("HOST ADDRESS" a line), AUTHORITIES ("SERVER PORT" a line),
# WAIT (seconds); TO; SEEN_WAS and SEEN_TTL (what the plan saw).
# shellcheck shell=sh disable=SC2034,SC2154
command -v dig >/dev/null || die 'dig is not there (apt install bind9-dnsutils)'

# authority asks a server for the record. It leaves its addresses in $now, a
# blank between them, and its TTL in $ttl; where that cannot be had it ends with
# 1 and says in $why what is wrong.
authority() {
    now='' ttl='' why=''
    said=$(timeout 30 dig "@$1" -p "$2" +norecurse +time=3 +tries=2 +noall +comments +answer "$RECORD" "$TYPE" 2>&1 </dev/null)
    state=$(printf '%s\n' "$said" | sed -n 's/^;; ->>HEADER<<-.* status: \([A-Z]*\),.*/\1/p')
    flags=$(printf '%s\n' "$said" | sed -n 's/^;; flags:\([a-z ]*\);.*/\1 /p')
    case $state in
    NOERROR) ;;
    NXDOMAIN) why="$1 has no name $RECORD: make the record first" ;;
    SERVFAIL) why="$1 answers SERVFAIL when asked for $RECORD: its zone is not loaded or has expired" ;;
    '') why="$1 does not answer when asked for $RECORD: $(printf '%s\n' "$said" | grep -v '^ *$' | head -n 1)" ;;
    *) why="$1 answers $state when asked for $RECORD" ;;
    esac
    if [ -z "$why" ]; then
        case $flags in
        *' aa '*) ;;
        *) why="$1 is no authority for $RECORD: name a server that has its zone" ;;
        esac
    fi
    [ -z "$why" ] || return 1
    promised=$(printf '%s\n' "$said" | sed -n 's/^;; flags:.* ANSWER: \([0-9]*\),.*/\1/p')
    records=$(printf '%s\n' "$said" | awk '!/^;/ && NF > 4 && $3 == "IN"')
    if [ "$(printf '%s\n' "$records" | grep -c .)" != "$promised" ]; then
        why="$1 gives half an answer when asked for $RECORD"
    elif printf '%s\n' "$records" | awk '$4 == "CNAME" { found = 1 } END { exit !found }'; then
        why="$RECORD is an alias (CNAME) at $1: name the record that it leads to"
    fi
    [ -z "$why" ] || return 1
    now=$(printf '%s\n' "$records" | awk -v t="$TYPE" '$4 == t { print $5 }' | sort | tr '\n' ' ')
    now=${now% }
    ttl=$(printf '%s\n' "$records" | awk -v t="$TYPE" '$4 == t { print $2; exit }')
    [ -n "$now" ] || why="$1 has no record $RECORD of type $TYPE: make it first"
    [ -z "$why" ]
}

# name_servers leaves in $servers, "SERVER PORT" a line, who is to have the
# record: those of the inventory, else three of the zone's.
name_servers() {
    servers=$AUTHORITIES
    [ -z "$servers" ] || return 0
    servers=$(timeout 30 dig +short +time=3 +tries=2 "$1" NS 2>/dev/null </dev/null | sed -n 's/^\([A-Za-z0-9._-]*\)\.$/\1 53/p' | sort | head -n 3)
    [ -n "$servers" ] || die "the name servers of $1 cannot be found from here: set authorities"
}

# agreed asks all of $servers for the record, and ends it unless they answer the
# same.
agreed() {
    first='' longest=0
    while read -r at port; do
        authority "$at" "$port" || die "$why"
        [ -z "$first" ] || [ "$first" = "$now" ] || die "the name servers do not agree on $RECORD, which is being changed: $first and $now"
        first=$now
        [ "$ttl" -le "$longest" ] || longest=$ttl
    done <<EOF
$servers
EOF
    ttl=$longest
}

# address_of prints what the record is to lead to for a host.
address_of() {
    printf '%s\n' "$ADDRESSES" | awk -v h="$1" '$1 == h { print $2; exit }'
}

# one_of_ours ends it unless the record leads to one address, of a host of the
# service.
one_of_ours() {
    case $now in
    *' '*) die "$RECORD leads to several addresses, of which jurymast would change one alone: $now" ;;
    esac
    printf '%s\n' "$ADDRESSES" | awk -v a="$now" '$2 == a { found = 1 } END { exit !found }' ||
        die "$RECORD leads to $now, which is no host that the service runs on: set addresses"
}

# survey_said says what was seen of the record, for people and for the change.
survey_said() {
    printf '@was %s\n@ttl %s\n@floor %s\n' "$now" "$ttl" "$ttl"
    printf '@seen %s leads to %s, and may be remembered for %s s (TTL)\n' "$RECORD" "$now" "$ttl"
}

# wanted leaves in $want what the record is to lead to.
wanted() {
    want=$(address_of "$TO")
    [ -n "$want" ] || die "it is not known what $RECORD is to lead to on ${TO:-no host}"
}

# unchanged ends it unless the record is as the plan saw it.
unchanged() {
    [ -n "${SEEN_WAS-}" ] || die "it is not known what $RECORD led to when the plan was made"
    [ "$now" = "$SEEN_WAS" ] || die "$RECORD leads to $now and not to $SEEN_WAS, as it did when the plan was made: plan again"
}

# seen_everywhere waits until all of some servers, "SERVER PORT" a line, have
# what is wanted and nothing else.
seen_everywhere() {
    until=$(($(date +%s) + WAIT))
    while :; do
        left=
        while read -r at port; do
            [ -n "$at" ] || continue
            if ! authority "$at" "$port"; then
                left=$why
            elif [ "$now" != "$want" ]; then
                left="$RECORD leads to $now and not to $want at $at"
            fi
            [ -z "$left" ] || break
        done <<EOF
$1
EOF
        [ -n "$left" ] || return 0
        [ "$(date +%s)" -lt "$until" ] || die "$left"
        sleep 1
    done
}

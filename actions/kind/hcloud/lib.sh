# What is common to leading clients by the cloud, behind directory/json.sh. Inputs:
# SERVERS ("HOST SERVER" a line: what the cloud calls each), WAIT (seconds), TO;
# SEEN_WAS (what the plan saw); HCLOUD_TOKEN is a secret.
# shellcheck shell=sh disable=SC2034,SC2154
command -v hcloud >/dev/null || die 'hcloud is not there (apt install hcloud-cli)'
[ -z "${HCLOUD_TOKEN-}" ] || export HCLOUD_TOKEN
work

# describe asks for one thing and leaves it, flat, in $doc.
describe() {
    timeout 60 hcloud "$1" describe "$2" -o json >"$tmp/out" 2>"$tmp/err" </dev/null || explain "$(tail -n 1 "$tmp/err")"
    doc=$(flat <"$tmp/out") || die "hcloud prints of $1 $2 what is no JSON, or half of it"
}

# explain ends it with what the client said; the word in brackets is the API's.
explain() {
    case $1 in
    *'(unauthorized)'*) die "the token is wrong or was revoked: ${1:-}" ;;
    *'(token_readonly)'* | *'(forbidden)'*) die "the token may read and not write: $1" ;;
    *) die "${1:-hcloud ended without a word}" ;;
    esac
}

# act changes something, and waits for it: $LIMIT seconds, or 120. What is locked
# by another action, or is asked too often, is tried again. What the client prints
# besides its complaints is thrown away: of a new server that is root's password.
act() {
    until=$(($(date +%s) + WAIT))
    while ! said=$(timeout "${LIMIT:-120}" hcloud "$@" 2>&1 >/dev/null </dev/null); do
        said=$(printf '%s\n' "$said" | tail -n 1)
        case $said in
        *'(locked)'* | *'(conflict)'* | *'(resource_in_use)'* | *'(rate_limit_exceeded)'*) ;;
        *) explain "$said" ;;
        esac
        [ "$(date +%s)" -lt "$until" ] || die "$said"
        sleep 1
    done
}

# number leaves in $id the id of the server of a host, and its name in $server.
number() {
    server=$(printf '%s\n' "$SERVERS" | awk -v h="$1" '$1 == h { print $2; exit }')
    [ -n "$server" ] || die "it is not known what the cloud calls ${1:-no host}"
    describe server "$server"
    id=$(at "$doc" .id)
    case $id in '' | *[!0-9]*) die "the cloud gives server $server an id that is none: $id" ;; esac
}

# numbers leaves "ID HOST" of all of them in $ours, a line each.
numbers() {
    ours=
    for h in $(printf '%s\n' "$SERVERS" | awk '{ print $1 }'); do
        number "$h"
        ours="$ours$id $h
"
    done
}

# host_of prints the host of a server's id, nothing for a stranger.
host_of() { printf '%s' "$ours" | awk -v i="$1" '$1 == i { print $2; exit }'; }

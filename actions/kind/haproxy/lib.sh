# What is common to telling HAProxy by its socket. Inputs: SOCKET, BACKEND,
# SERVER (the only one, whose address changes; empty where each host is one),
# SERVER_PORT, TO, TO_ADDRESS, FROM_HOST.
# shellcheck shell=sh disable=SC2034,SC2154
[ -S "$SOCKET" ] || die "$SOCKET is no socket: set socket, and stats socket in haproxy.cfg"

# tell sends one command. Success is silent, and so no exit code is of use.
tell() {
    if command -v socat >/dev/null; then
        printf '%s\n' "$1" | socat -t 5 stdio "unix-connect:$SOCKET"
    elif command -v nc >/dev/null; then
        printf '%s\n' "$1" | nc -w 5 -U "$SOCKET"
    else
        die 'neither socat nor nc is there, to speak to its socket (apt install socat)'
    fi
}

order() {
    said=$(tell "$1" | grep -v '^$')
    case $said in
    '' | *'nothing changed'* | *'changed from'* | *'no need to change'*) ;;
    *) die "$1: $said" ;;
    esac
}

# state prints address, state and administrative state of a server: of the
# latter bit 1 is maintenance, bit 8 drain.
state() {
    tell "show servers state $BACKEND" | awk -v s="$1" '$4 == s { print $5, $6, $7, $19; exit }'
}

servers() {
    tell "show servers state $BACKEND" | awk '/^[0-9]+ / && NF > 6 { print $4 }'
}

# takes_part tells whether a server is in rotation and up. HAProxy takes one that
# comes back from maintenance for up until a check has failed: where it is
# checked (bit 2 of its check's state), a check has to have passed (result 3).
takes_part() {
    tell "show servers state $BACKEND" | awk -v s="$1" '$4 == s { bad = int($14 / 2) % 2 && $12 < 3; exit } END { exit bad }' || return 1
    now=$(state "$1")
    admin=${now#* * } admin=${admin%% *}
    up=${now#* } up=${up%% *}
    [ $((admin % 2)) = 0 ] && [ "$up" = 2 ]
}

# others prints how many sessions the other servers are at (scur of show stat).
others() {
    tell 'show stat' | awk -F, -v b="$BACKEND" -v to="$1" '$1 == b && $2 != to && $2 != "BACKEND" && $2 != "FRONTEND" { n += $5 } END { print n + 0 }'
}

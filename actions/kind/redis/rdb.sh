# What has to do with copies, which are files of keys.
# shellcheck shell=sh disable=SC2154,SC2034

# read_back reads a file of keys whole and prints how many keys and how many
# that expire are in it.
read_back() {
    checker=${client%-cli}-check-rdb
    command -v "$checker" >/dev/null || die "$checker is not there"
    found=$("$checker" "$1" 2>&1) || die "$1 cannot be read back: $(printf '%s\n' "$found" | tail -n 1)"
    printf '%s\n' "$found" | awk '/ keys read$/ { k = $(NF - 2) } / expires$/ { e = $(NF - 1) } END { if (k == "") exit 1; print k, e + 0 }' ||
        die "$1 does not say how many keys it holds"
}

whole() {
    [ -f "$FROM/whole" ] || die "$FROM holds no whole dump of Redis"
}

# beside starts a server without a network in the folder $1 with the data that
# lies there; asked by apart, ended by end_beside.
beside() {
    owner "$server" --port 0 --unixsocket "$1/socket" --dir "$1" --dbfilename dump.rdb --appendonly no --save '' --daemonize yes \
        --logfile "$1/log" --pidfile "$1/pid" >/dev/null || die "a server in $1 does not start"
    tries=0
    until [ "$(apart "$1" PING)" = PONG ]; do
        tries=$((tries + 1))
        case $(apart "$1" PING) in *LOADING*) tries=0 ;; esac
        [ "$tries" -lt 100 ] || die "a server in $1 does not come up: $(tail -n 1 "$1/log")"
        pause
    done
}

apart() {
    (
        at=$1
        shift
        unset REDISCLI_AUTH
        "$client" -s "$at/socket" "$@" 2>&1 </dev/null | tr -d '\r'
    )
}

end_beside() {
    [ -d "$1" ] || return 0
    tries=0
    while [ -S "$1/socket" ] && [ "$(apart "$1" PING)" != "Could not connect to Redis at $1/socket: Connection refused" ]; do
        apart "$1" SHUTDOWN NOSAVE >/dev/null
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return 1
        pause
    done
    rm -rf "$1"
}

# ours makes a folder for a server of ours, with the copy in it.
ours() {
    mkdir "$1" || die "$1 cannot be made"
    chmod 700 "$1"
    cp "$FROM/dump.rdb" "$1/dump.rdb" || die "there is no room in $1"
    [ "$(id -u)" != 0 ] || chown -R "$OWNER" "$1" || exit 1
}

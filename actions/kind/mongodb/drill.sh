# The server of a drill; behind mongodb/data.sh. It lies in a folder of its own, reads
# no configuration and has a network of its own with nobody else in it, so that
# neither it nor what restores into it can reach a live one. Inputs: FOLDER, ASIDE,
# PORT.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
case $ASIDE in
.jurymast-?*) ;;
*) die 'no run is named' ;;
esac
drill=${JURYMAST_ROOT-}$FOLDER/mongodb-drill$ASIDE

# alone says in $lacks what is not there to start such a server, nothing where all is.
alone() {
    lacks=
    for program in mongod mongorestore mongosh unshare nsenter ip; do
        command -v "$program" >/dev/null || lacks="$lacks $program"
    done
    [ -n "$lacks" ] || unshare -n true 2>/dev/null || lacks=' a network of its own (unshare -n is refused)'
}

# begin starts the server, and leaves in $enter what runs a command in its network.
begin() {
    # --fork ends once it takes connections.
    # shellcheck disable=SC2016 # for the shell in there
    unshare -n sh -c 'ip link set lo up && exec mongod --dbpath "$1/data" --port "$2" --bind_ip 127.0.0.1 --nounixsocket --wiredTigerCacheSizeGB 0.25 \
        --pidfilepath "$1/pid" --logpath "$1/log" --fork' sh "$drill" "$PORT" </dev/null >"$tmp/err" 2>&1 || die "a server for the drill does not start: $(tail -n 1 "$tmp/err")"
    pid=$(cat "$drill/pid")
    owned || die 'the server of the drill was started, and does not run'
    enter="nsenter -t $pid -n"
    ADDRESS=127.0.0.1 SERVER_PORT=$PORT ROLE='' MONGODB_PASSWORD=''
    credentials
}

# owned tells whether the process $pid is the server of the drill.
owned() {
    case $pid in '' | *[!0-9]*) return 1 ;; esac
    tr '\0' '\n' <"${JURYMAST_ROOT-}/proc/$pid/cmdline" 2>/dev/null | grep -Fqx -e "$drill/data"
}

# unscratch ends the server of the drill, where it runs, and removes its folder.
unscratch() {
    pid=$(cat "$drill/pid" 2>/dev/null)
    until=$(($(date +%s) + 60))
    while owned; do
        kill "$pid" 2>/dev/null
        [ "$(date +%s)" -lt "$until" ] || return 1
        sleep 1
    done
    rm -rf "$drill"
}

# What the scripts that copy HAProxy and bring it back know of it, behind
# files/lib.sh. Inputs: CONFIG, SOCKET, PID (the file with the number of its
# master), UNIT.
# shellcheck shell=sh disable=SC2034,SC2154

name=HAProxy

have() { command -v haproxy >/dev/null; }

# tested tests the configuration, by words that are put ahead of the test.
tested() { "$@" haproxy -c -q -f "$CONFIG" </dev/null; }

# why picks what is wrong from what a test said.
why() { sed -n -e '/^\[ALERT\]/{s/^[^)]*) : //;p;q;}' -e '$p' | discreet; }

# serving prints the number of the process that answers at the socket.
serving() {
    if command -v socat >/dev/null; then
        echo 'show info' | socat -t 5 stdio "unix-connect:$SOCKET"
    elif command -v nc >/dev/null; then
        echo 'show info' | nc -w 5 -U "$SOCKET"
    else
        die 'neither socat nor nc is there, to speak to its socket (apt install socat)'
    fi 2>/dev/null | sed -n 's/^Pid: //p'
}

# alive says what runs, or ends with 1.
alive() {
    process=$(serving)
    [ -n "$process" ] && echo "HAProxy answers at its socket (process $process)"
}

runs() { [ -n "$(serving)" ]; }

# applied has it read its configuration, and sees that another process has.
applied() {
    was=$(serving)
    master=$(sed -n 's/^\([0-9]\{1,\}\)$/\1/p' "$PID" 2>/dev/null)
    if [ -n "$was" ] && [ -n "$master" ] && kill -0 "$master" 2>/dev/null; then
        kill -USR2 "$master" || die 'HAProxy cannot be told to read its configuration'
    elif [ -n "$was" ]; then
        die "HAProxy runs, and $PID does not name its master: set pid"
    elif [ -d "${JURYMAST_ROOT-}/run/systemd/system" ]; then
        systemctl --no-ask-password start "$UNIT" </dev/null || die "$UNIT does not start: systemctl status $UNIT"
    else
        haproxy -W -D -p "$PID" -f "$CONFIG" </dev/null || die 'HAProxy does not start'
    fi
    tries=0
    while process=$(serving) && { [ -z "$process" ] || [ "$process" = "$was" ]; }; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || die 'HAProxy was told to read its configuration, and goes on with the old one: see its log'
        sleep 1
    done
}

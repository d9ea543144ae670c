# What the scripts that copy nginx and bring it back know of it, behind
# files/lib.sh; nginx/lib.sh and tls/discreet.sh follow. Inputs: CONFIG, CONTAINER, UNIT.
# shellcheck shell=sh disable=SC2034,SC2086,SC2154

name=nginx enter='' at_root=${JURYMAST_ROOT-}
if [ -n "$CONTAINER" ]; then
    enter="docker exec $CONTAINER" at_root=
fi

# have tells whether it is installed.
have() { command -v "${enter:-nginx}" >/dev/null || [ -n "$CONTAINER" ]; }

# tested tests the configuration, by words that are put ahead of the test. That
# makes the pid file where there is none, which everybody may read.
tested() (
    umask 022
    "$@" $enter nginx -t ${CONFIG:+-c "$CONFIG"} </dev/null
)

# why picks what is wrong from what a test said.
why() { sed -n -e '/\[emerg\]/{s/^[^[]*//;p;q;}' -e '$p' | discreet; }

master() {
    pid_file '' ''
    sed -n 's/^\([0-9]\{1,\}\)$/\1/p' "$at_root$pid" 2>/dev/null
}

# workers prints the numbers of what the master has started.
workers() {
    if [ -n "$CONTAINER" ]; then
        # In a container it may note its number nowhere, and nothing else is called so.
        processes | awk '{ parent[$1] = $2 } END { for (p in parent) if (parent[p] in parent) print p }'
    else
        processes | awk -v m="$(master)" 'm != "" && $2 == m { print $1 }'
    fi
}

# fresh_since tells whether there is a worker that is none of the given.
fresh_since() {
    for w in $(workers); do
        case " $1 " in *" $w "*) ;; *) return 0 ;; esac
    done
    return 1
}

# alive says what runs, or ends with 1.
alive() {
    count=$(workers | wc -l)
    [ "$count" -gt 0 ] && echo "nginx runs with $((count)) workers"
}

# applied has it read its configuration, and sees that it has.
applied() {
    if [ -n "$CONTAINER" ]; then
        docker start "$CONTAINER" >/dev/null </dev/null || die "the container $CONTAINER cannot be started"
    fi
    was=$(workers | tr '\n' ' ')
    if [ -n "$was" ]; then
        told=$($enter nginx ${CONFIG:+-c "$CONFIG"} -s reload 2>&1 </dev/null)
        code=$?
        [ -z "$told" ] || printf '%s\n' "$told" | discreet >&2
        [ "$code" = 0 ] || die 'nginx cannot be told to read its configuration'
    elif [ -n "$CONTAINER" ]; then
        docker restart "$CONTAINER" >/dev/null </dev/null || die "the container $CONTAINER cannot be started again"
    elif [ -d "${JURYMAST_ROOT-}/run/systemd/system" ]; then
        systemctl --no-ask-password start "$UNIT" </dev/null || die "$UNIT does not start: systemctl status $UNIT"
    else
        (umask 022 && nginx ${CONFIG:+-c "$CONFIG"} </dev/null) || die 'nginx does not start'
    fi
    tries=0
    until fresh_since "$was"; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || die 'nginx was told to read its configuration, and goes on with the old one: see its error log'
        sleep 1
    done
}

runs() { [ -n "$(workers)" ]; }

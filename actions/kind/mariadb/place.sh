# Where the live server keeps its data, and how it is started and stopped.
# shellcheck shell=sh disable=SC2154,SC2034

# configured prints a setting that the server is started with.
configured() {
    printf '%s\n' "$asked" | sed -n "s/^$1  *//p" | sed -e '1!d' -e 's/^(No default value)$//'
}

# locate sets $DATA to the folder of the data, of a server that runs and of one
# that does not.
locate() {
    [ -n "$server" ] || die 'mariadbd is not installed here: a server in a container can be copied and tried, not brought back'
    # As root it reads what root reads, and runs as nobody but its user.
    asked=$("$server" ${CONFIG:+--defaults-file="$CONFIG"} --user="$OWNER" --verbose --help 2>/dev/null)
    said=$(configured datadir)
    DATA=${DATA:-${said%/}}
    [ -n "$DATA" ] || die 'where its data lies is not known: set data_folder, or config'
    [ ! -d "$DATA" ] || DATA=$(cd "$DATA" && pwd -P) || exit 1
    if [ "$(up)" = up ]; then
        is=$(sql -N -r -e 'select @@datadir')
        is=$(cd "$is" 2>/dev/null && pwd -P)
        [ "$is" = "$DATA" ] || die "the server keeps its data in ${is:-a folder that is not seen from here} and not in $DATA: set data_folder, or config"
    fi
    memory=${JURYMAST_ROOT-}/var/lib/jurymast/mariadb-$SERVER_PORT
}

# systemd tells whether systemd keeps the server.
systemd() {
    [ -n "$UNIT" ] && [ -d "${JURYMAST_ROOT-}/run/systemd/system" ] && command -v systemctl >/dev/null
}

# remember writes the unit down for the time that the server does not run.
remember() {
    # shellcheck disable=SC2016
    [ -n "$UNIT" ] || UNIT=$(sed -n 's,.*/\([^/]*\.service\)$,\1,p' "/proc/$1/cgroup" 2>/dev/null | sed 1q)
    case $UNIT in user@*) UNIT= ;; esac
    mkdir -p "${memory%/*}" || exit 1
    printf '%s\n' "$UNIT" >"$memory.part" || die "$memory cannot be written"
    mv "$memory.part" "$memory" || exit 1
}

recall() {
    [ -n "$UNIT" ] || UNIT=$(cat "$memory" 2>/dev/null)
    if [ -z "$UNIT" ] && [ ! -e "$memory" ]; then
        UNIT=mariadb.service
    fi
}

# stop stops the server and tells whether it is gone.
stop() {
    at=$(holder "$DATA")
    [ -n "$at" ] || return 0
    remember "$at"
    if systemd; then
        systemctl --no-ask-password stop "$UNIT" || true
    fi
    [ -z "$(holder "$DATA")" ] || kill -TERM "$at" 2>/dev/null
    tries=0
    while [ -n "$(holder "$DATA")" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 6000 ] || return 1 # ten minutes
        pause
    done
}

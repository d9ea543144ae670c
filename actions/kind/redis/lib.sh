# What the scripts of kind redis have in common; it stands behind
# directory/common.sh and ahead of them.
# Inputs: SERVER_PORT, ADDRESS, SOCKET (empty where not said), OWNER (user of the
# server), UNIT and CONFIG (empty where not said). REDISCLI_AUTH is a secret.
# shellcheck shell=sh disable=SC2034,SC2154

cd / || exit 1
# A password that is set and empty is sent all the same, and refused.
if [ -n "${REDISCLI_AUTH-}" ]; then
    export REDISCLI_AUTH
else
    unset REDISCLI_AUTH
fi

# client sets $client and $server, the programs: those of Valkey do as well.
client=
for c in redis-cli valkey-cli; do
    if [ -z "$client" ] && command -v "$c" >/dev/null; then
        client=$c
    fi
done
server=${client%-cli}-server

# cli asks the server; what it answers has no carriage returns.
cli() {
    if [ -n "$SOCKET" ]; then
        "$client" -s "$SOCKET" "$@" 2>&1 </dev/null | tr -d '\r'
    else
        "$client" -h "$ADDRESS" -p "$SERVER_PORT" "$@" 2>&1 </dev/null | tr -d '\r'
    fi
}

# info prints one value of INFO.
info() {
    cli INFO "$1" | sed -n "s/^$2://p"
}

# setting prints one value of the configuration.
setting() {
    cli CONFIG GET "$1" | sed -n 2p
}

# set_to changes a setting.
set_to() {
    said=$(cli CONFIG SET "$1" "$2")
    [ "$said" = OK ] || die "$1 cannot be set: $said"
}

# keep writes the settings to the configuration file, where there is one.
keep() {
    [ -n "$(info server config_file)" ] || return 0
    said=$(cli CONFIG REWRITE)
    [ "$said" = OK ] || die "its configuration cannot be written: $said"
}

# owner runs a command as the user that the server runs as.
owner() {
    if [ "$(id -u)" != 0 ] || [ "$OWNER" = root ]; then
        "$@"
    elif command -v runuser >/dev/null; then
        runuser -u "$OWNER" -- "$@"
    else
        # shellcheck disable=SC2016 # the inner shell's
        su -s /bin/sh -c 'exec "$@"' "$OWNER" -- sh "$@"
    fi
}

pause() {
    sleep 0.1 2>/dev/null || sleep 1
}

# condition prints active, standby, fenced (by stop.sh: it takes no writes),
# loading, stopped or unknown.
condition() {
    [ -n "$client" ] || { echo unknown && return; }
    answer=$(cli INFO replication)
    case $answer in
    *role:master*)
        if [ "$(setting min-replicas-to-write)" = "$fenced" ]; then
            echo fenced
        else
            echo active
        fi
        ;;
    *role:slave*) echo standby ;;
    LOADING* | *'loading the dataset'*) echo loading ;;
    *'Connection refused'* | *'No such file or directory'*) echo stopped ;;
    *) echo unknown ;;
    esac
}

# No server has so many replicas: one that wants them takes no writes.
fenced=9999

# What is known of a server only while it runs is written down for the time
# that it does not.
memory=${JURYMAST_ROOT-}/var/lib/jurymast/redis-$SERVER_PORT
remember() {
    file=$(info server config_file)
    # shellcheck disable=SC2016
    [ -n "$UNIT" ] || UNIT=$(sed -n 's,.*/\([^/]*\.service\)$,\1,p' "/proc/$(info server process_id)/cgroup" 2>/dev/null | sed 1q)
    case $UNIT in user@*) UNIT= ;; esac
    wanted=$(setting min-replicas-to-write)
    if [ "$wanted" = "$fenced" ]; then
        wanted=$(sed -n 's/^wanted //p' "$memory" 2>/dev/null)
    fi
    mkdir -p "${memory%/*}" || die "${memory%/*} cannot be made"
    {
        echo "config ${CONFIG:-$file}"
        echo "unit $UNIT"
        echo "wanted ${wanted:-0}"
        echo "dir $(setting dir)"
        echo "rdb $(setting dbfilename)"
        echo "appendonly $(setting appendonly)"
        echo "aof $(setting appendfilename)"
        echo "aofdir $(setting appenddirname)"
        echo "program $(info server executable)"
    } >"$memory.part" || die "$memory cannot be written"
    mv "$memory.part" "$memory" || exit 1
}

# recall sets what was written down; of a server that stopped by itself, what
# its configuration file says.
recall() {
    if [ ! -r "$memory" ]; then
        if [ -z "$CONFIG" ] && grep -q "^port $SERVER_PORT\$" /etc/redis/redis.conf 2>/dev/null; then
            CONFIG=/etc/redis/redis.conf
            [ -n "$UNIT" ] || UNIT=redis-server.service
        fi
        [ -n "$CONFIG" ] && [ -r "$CONFIG" ] || return 1
        memo() { awk -v name="$1" '$1 == name { v = $2 } END { gsub(/^"|"$/, "", v); print v }' "$CONFIG"; }
        dir=$(memo dir) rdb=$(memo dbfilename) appendonly=$(memo appendonly) aof=$(memo appendfilename) aofdir=$(memo appenddirname) wanted='' program=''
        : "${rdb:=dump.rdb}"
        [ -n "$dir" ]
        return
    fi
    memo() { sed -n "s/^$1 //p" "$memory"; }
    : "${CONFIG:=$(memo config)}" "${UNIT:=$(memo unit)}"
    dir=$(memo dir) rdb=$(memo rdb) appendonly=$(memo appendonly) aof=$(memo aof) aofdir=$(memo aofdir) wanted=$(memo wanted)
    program=$(memo program)
}

# systemd tells whether systemd keeps the server.
systemd() {
    [ -n "$UNIT" ] && [ -d "${JURYMAST_ROOT-}/run/systemd/system" ] && command -v systemctl >/dev/null
}

# start starts the server and waits until it answers and has loaded its data.
start() {
    if systemd; then
        systemctl --no-ask-password start "$UNIT" || return 1
    elif [ "$(condition)" = stopped ]; then
        [ -n "$CONFIG" ] || die 'it is not known how it is started: set config, or unit'
        [ -x "${program-}" ] || program=$server
        owner "$program" "$CONFIG" --daemonize yes >/dev/null || return 1
    fi
    tries=0
    while :; do
        case $(condition) in
        active | standby | fenced) return 0 ;;
        loading) tries=0 ;;
        esac
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || return 1
        pause
    done
}

# stop stops the server, which writes its data first where it is told to keep it.
stop() {
    at=$(info server process_id)
    if systemd; then
        systemctl --no-ask-password stop "$UNIT" || true
    fi
    if [ "$(condition)" != stopped ]; then
        cli SHUTDOWN >/dev/null
    fi
    tries=0
    until [ "$(condition)" = stopped ] && { [ -z "$at" ] || ! kill -0 "$at" 2>/dev/null; }; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || return 1
        pause
    done
}

# save has all of the data written to its file, by a save that begins now.
save() {
    while [ "$(info persistence rdb_bgsave_in_progress)" = 1 ] || [ "$(info persistence aof_rewrite_in_progress)" = 1 ]; do
        pause
    done
    # The time of the last save is told in seconds: it must be able to change.
    before=$(cli LASTSAVE)
    while [ "$(cli TIME | sed 1q)" -le "$before" ]; do
        pause
    done
    said=$(cli BGSAVE)
    case $said in
    'Background saving started'*) ;;
    *) die "it does not save: $said" ;;
    esac
    until [ "$(cli LASTSAVE)" -gt "$before" ]; do
        [ "$(info persistence rdb_last_bgsave_status)" = ok ] || [ "$(info persistence rdb_bgsave_in_progress)" = 1 ] ||
            die 'the save failed: is its disk full? see its log'
        case $(condition) in stopped | unknown) die 'it does not answer any more' ;; esac
        pause
    done
    [ "$(info persistence rdb_last_bgsave_status)" = ok ] || die 'the save failed: see its log'
}

# keys prints how many keys there are, and how many of them expire.
keys() {
    cli INFO keyspace | awk -F '[=,]' '/^db/ { k += $2; e += $4 } END { printf "%d %d\n", k, e }'
}

# set_aside keeps the file of keys beside, once a run, and says where.
set_aside() {
    kept=$dir/$rdb.jurymast-$RUN
    if [ -e "$dir/$rdb" ] && [ ! -e "$kept" ]; then
        cp -p "$dir/$rdb" "$kept.part" || die "$dir/$rdb cannot be kept"
        mv "$kept.part" "$kept" || exit 1
    fi
    [ ! -e "$kept" ] || echo "@aside $kept"
}

# What the scripts of kind postgres have in common; it stands behind
# directory/common.sh and ahead of them.
# Inputs: SERVER_PORT, SOCKET (folder of the socket), OWNER (user of the server), ROLE
# (database role; OWNER's name where empty), CLUSTER (Debian's VERSION/NAME),
# DATA (data folder), UNIT and BIN (folder of the programs): empty where not said.
# shellcheck shell=sh disable=SC2034,SC2154

cd / || exit 1
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGSERVICE PGDATA PGOPTIONS PGAPPNAME
export PGCONNECT_TIMEOUT=5
[ -z "${PGPASSWORD-}" ] || export PGPASSWORD
CLUSTER_CONF=
tab=$(printf '\t')

# owner runs a command as the user that the server runs as.
owner() {
    if [ "$(id -un)" = "$OWNER" ]; then
        "$@"
    elif [ "$(id -u)" != 0 ]; then
        die "this needs root or the user $OWNER, and the login is $(id -un): allow sudo"
    elif command -v runuser >/dev/null; then
        runuser -u "$OWNER" -- "$@"
    else
        # shellcheck disable=SC2016 # the inner shell's
        su -s /bin/sh -c 'exec "$@"' "$OWNER" -- sh "$@"
    fi
}

# programs sets $BIN to the folder of the programs of a major version, of the
# newest where none is given.
programs() {
    [ -z "$BIN" ] || return 0
    for d in "/usr/lib/postgresql/$1/bin" "/usr/pgsql-$1/bin" "/usr/libexec/postgresql$1"; do
        if [ -n "$1" ] && [ -x "$d/psql" ]; then
            BIN=$d
            return 0
        fi
    done
    if [ -z "$1" ]; then
        newest=0
        for d in /usr/lib/postgresql/[0-9]*/bin /usr/pgsql-[0-9]*/bin /usr/libexec/postgresql[0-9]*; do
            n=$(printf '%s' "$d" | sed 's,^[^0-9]*\([0-9]*\).*,\1,')
            if [ -x "$d/psql" ] && [ "$n" -gt "$newest" ]; then
                newest=$n BIN=$d
            fi
        done
    fi
    [ -n "$BIN" ] || BIN=$(dirname "$(command -v psql || echo /none/psql)")
    [ -x "$BIN/psql" ]
}

# sql runs psql on the server: ask for the database postgres, in for another.
sql() {
    owner "$BIN/psql" -XAtqw -v ON_ERROR_STOP=1 -p "$SERVER_PORT" ${SOCKET:+-h "$SOCKET"} -U "${ROLE:-$OWNER}" "$@"
}
ask() {
    sql -d "${DATABASE:-postgres}" "$@"
}

# locate sets $DATA, $VERSION, $CLUSTER, $UNIT and $BIN, as far as they can be
# known also of a server that does not run.
locate() {
    if command -v pg_lsclusters >/dev/null && { [ -n "$CLUSTER" ] || [ -z "$DATA" ]; }; then
        row=$(pg_lsclusters -h 2>/dev/null | awk -v port="$SERVER_PORT" -v cluster="$CLUSTER" '
            cluster == "" ? $3 == port : $1 "/" $2 == cluster { print $1 "/" $2, $6; exit }')
        if [ -n "$row" ]; then
            CLUSTER=${row%% *}
            [ -n "$DATA" ] || DATA=${row#* }
        fi
    fi
    if [ -n "$CLUSTER" ]; then
        [ -n "$UNIT" ] || UNIT=postgresql@$(printf '%s' "$CLUSTER" | tr / -).service
        CLUSTER_CONF=/etc/postgresql/$CLUSTER/postgresql.conf
    fi
    if [ -z "$DATA" ]; then
        programs '' || return 1
        DATA=$(ask -c 'show data_directory' 2>/dev/null) || DATA=
    fi
    [ -n "$DATA" ] && [ -r "$DATA/PG_VERSION" ] || return 1
    VERSION=$(cat "$DATA/PG_VERSION")
    programs "$VERSION" || return 1
    if [ -z "$UNIT" ] && [ -r "$DATA/postmaster.pid" ]; then
        UNIT=$(sed -n 's,.*/\([^/]*\.service\)$,\1,p' "/proc/$(sed 1q "$DATA/postmaster.pid")/cgroup" 2>/dev/null | sed 1q)
        case $UNIT in user@*) UNIT= ;; esac
    fi
}

# located ends it where the server cannot be found.
located() {
    locate || die "no server on port $SERVER_PORT was found here: set data_folder, or cluster on Debian"
}

# running tells whether the server's process is there: 0 yes, 3 no.
running() {
    owner "$BIN/pg_ctl" status -D "$DATA" >/dev/null 2>&1
}

# condition prints primary, standby, starting, stopped or unknown.
condition() {
    programs '' || true
    case $(ask -c 'select pg_is_in_recovery()' 2>/dev/null) in
    t) echo standby ;;
    f) echo primary ;;
    *)
        # 0: it answers and does not let us in. 1: it lets nobody in yet.
        "$BIN/pg_isready" -q -t 3 -p "$SERVER_PORT" ${SOCKET:+-h "$SOCKET"} >/dev/null 2>&1
        case $? in
        0) echo unknown ;;
        1) echo starting ;;
        *)
            if locate; then
                running
                case $? in
                0) echo starting ;;
                3) echo stopped ;;
                *) echo unknown ;;
                esac
            else
                echo unknown
            fi
            ;;
        esac
        ;;
    esac
}

# systemd tells whether systemd keeps the server.
systemd() {
    [ -n "$UNIT" ] && [ -d "${JURYMAST_ROOT-}/run/systemd/system" ] && command -v systemctl >/dev/null
}

# start starts the server and waits until it accepts connections.
start() {
    if systemd; then
        systemctl --no-ask-password start "$UNIT" || return 1
    elif [ -n "$CLUSTER" ] && command -v pg_ctlcluster >/dev/null; then
        pg_ctlcluster "${CLUSTER%/*}" "${CLUSTER#*/}" start || running || return 1
    else
        running || owner "$BIN/pg_ctl" start -D "$DATA" -s -w -t 300 -l "$DATA/pg_ctl.log" >/dev/null || return 1
    fi
    tries=0
    until [ "$(ask -c 'select 1' 2>/dev/null)" = 1 ]; do
        tries=$((tries + 1))
        running || return 1
        [ "$tries" -lt 600 ] || return 1
        pause
    done
}

# stop stops the server: sessions are ended, everything is written and handed
# to standbys. A unit that was not what started it leaves it to pg_ctl.
stop() {
    if systemd; then
        systemctl --no-ask-password stop "$UNIT" || true
    elif [ -n "$CLUSTER" ] && command -v pg_ctlcluster >/dev/null; then
        pg_ctlcluster -m fast "${CLUSTER%/*}" "${CLUSTER#*/}" stop || true
    fi
    running
    case $? in
    0) owner "$BIN/pg_ctl" stop -D "$DATA" -s -w -t 300 -m fast || return 1 ;;
    3) return 0 ;;
    esac
    running
    [ $? = 3 ]
}

pause() {
    sleep 0.1 2>/dev/null || sleep 1
}

# control prints a value of pg_controldata.
control() {
    owner "$BIN/pg_controldata" -D "$DATA" 2>/dev/null | sed -n "s/^$1: *//p"
}

# put_file writes what it reads to a file of the server's, all of it or nothing.
put_file() {
    cat >"$1.part" && chown "$OWNER" "$1.part" 2>/dev/null
    chmod 600 "$1.part" && mv -f "$1.part" "$1"
}

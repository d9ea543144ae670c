# What the scripts of kind mariadb have in common; it stands behind
# directory/common.sh and ahead of them.
# Inputs: SERVER_PORT, ADDRESS, SOCKET and ROLE (database user): empty where not
# said. MYSQL_PWD is a secret.
# shellcheck shell=sh disable=SC2034,SC2154

cd / || exit 1
unset MYSQL_HOST MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_HOME
if [ -n "${MYSQL_PWD-}" ]; then
    export MYSQL_PWD
    # A password in the login's own .my.cnf would go before ours.
    HOME=/nonexistent
    export HOME
else
    unset MYSQL_PWD
fi
tab=$(printf '\t')

# program prints the path of a program by its name of today, or of before 10.5.
program() {
    command -v "mariadb$1" || case $1 in
    '') command -v mysql ;;
    -dump) command -v mysqldump ;;
    -install-db) command -v mysql_install_db ;;
    d) command -v mysqld ;;
    esac
}
client=$(program '')

# sql runs the client on the server: rows a line, columns by tabs, names of the
# columns ahead unless -N is given. A port makes the client leave the socket,
# and is said only with an address.
sql() {
    if [ -n "$ADDRESS" ]; then
        set -- --protocol=tcp -h "$ADDRESS" -P "$SERVER_PORT" ${ROLE:+-u "$ROLE"} "$@"
    else
        set -- --protocol=socket ${SOCKET:+-S "$SOCKET"} ${ROLE:+-u "$ROLE"} "$@"
    fi
    "$client" -A -B --connect-timeout=5 --default-character-set=utf8mb4 "$@"
}

# condition reads what the client said when it could not connect: stopped,
# starting, full, denied, or unknown.
condition() {
    case $1 in
    # What comes before the handshake is handed on within another error.
    *'ERROR 1040 '* | *': 1040 - '*) echo full ;;
    *'ERROR 1045 '* | *'ERROR 1698 '* | *'ERROR 1227 '* | *'ERROR 1130 '* | *': 1130 - '* | *'ERROR 1129 '* | *': 1129 - '*) echo denied ;;
    *'ERROR 2013 '*'initial communication'* | *'ERROR 1927 '*) echo starting ;;
    *'ERROR 2002 '*'(111)'* | *'ERROR 2003 '*'(111)'* | *'ERROR 2002 '*'(111 '* | *'ERROR 2003 '*'(111 '*) echo stopped ;;
    *'ERROR 2002 '* | *'ERROR 2003 '*)
        # No socket, or a port that is closed: that may be another server's,
        # unless none runs at all. The client says 115 of every port.
        case $ADDRESS in 127.* | ::1 | localhost) echo stopped && return ;; esac
        if grep -sqxE 'mariadbd|mysqld' "${JURYMAST_ROOT-}"/proc/[0-9]*/comm; then
            echo unknown
        else
            echo stopped
        fi
        ;;
    *) echo unknown ;;
    esac
}

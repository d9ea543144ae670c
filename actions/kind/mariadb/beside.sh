# A server of ours on data of its own, without a network. It has no way to the
# live data: it reads none of its configuration.
# shellcheck shell=sh disable=SC2154

# apart asks the server in $beside.
apart() {
    (
        unset MYSQL_PWD
        "$client" --no-defaults -A -B --protocol=socket -S "$beside/socket" --default-character-set=utf8mb4 --max-allowed-packet=1G -u "${as:-root}" "$@"
    )
}

# bring makes the data of the dump in $FROM in the folder $1, with a server that
# is left running. The settings that it has to have are lines of $tmp/settings.
bring() {
    beside=$1
    if [ -z "$server" ] || [ -z "$installer" ]; then
        die 'mariadbd is not installed here: apt install mariadb-server'
    fi
    mkdir "$beside" || die "$beside cannot be made"
    chmod 700 "$beside"
    mkdir "$beside/tmp" || exit 1
    [ "$(id -u)" != 0 ] || chown "$OWNER" "$beside" "$beside/tmp" || exit 1
    # A server that starts removes what it takes for its own in the folder of
    # temporary files: the live one's must be another.
    set -- --no-defaults --tmpdir="$beside/tmp"
    while IFS= read -r setting; do
        case $setting in --*=?*) set -- "$@" "$setting" ;; esac
    done <"$tmp/settings"
    owner "$installer" "$@" --datadir="$beside/data" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve >"$tmp/install" 2>&1 ||
        die "no empty data can be made in $beside: $(grep -m 1 ERROR "$tmp/install" || tail -n 1 "$tmp/install")"
    # The parentheses: a shell that calls a function apart keeps our own streams.
    (owner "$server" "$@" --datadir="$beside/data" --socket="$beside/socket" --pid-file="$beside/pid" --log-error="$beside/log.err" \
        --skip-networking --skip-log-bin --skip-slave-start --event-scheduler=OFF --max-allowed-packet=1G --innodb-strict-mode=OFF \
        --innodb-flush-log-at-trx-commit=0) >/dev/null 2>&1 </dev/null &
    started=$!
    as=root
    until apart -e 'select 1' >/dev/null 2>&1; do
        kill -0 "$started" 2>/dev/null || die "a server in $beside does not come up: $(grep -m 1 ERROR "$beside/log.err")"
        pause
    done
    # One that no dump has: users who are there are made anew by it.
    apart <<'SQL' 2>"$tmp/err" || die "a server in $beside cannot be prepared: $(tail -n 1 "$tmp/err")"
create user 'jurymast.restore'@localhost;
grant all on *.* to 'jurymast.restore'@localhost with grant option;
grant proxy on ''@'%' to 'jurymast.restore'@localhost with grant option;
SQL
    as=jurymast.restore
    apart <"$FROM/databases.sql" >/dev/null 2>"$tmp/err" || die "the databases cannot be restored: $(tail -n 1 "$tmp/err")"
    # Those that an empty server has are not to stay: they have no passwords.
    {
        apart -N -r -e "select concat('drop user ', quote(user), '@', quote(host), ';') from mysql.user where is_role = 'N' and user not in ('mariadb.sys', 'jurymast.restore')" &&
            cat "$FROM/system.sql" && printf '\nflush privileges;\n'
    } >"$tmp/system.sql" || die 'the users cannot be listed'
    apart mysql <"$tmp/system.sql" >/dev/null 2>"$tmp/err" || die "users and grants cannot be restored: $(tail -n 1 "$tmp/err")"
}

# end_beside stops the server in the folder $1 and tells whether it is gone.
end_beside() {
    at=$(holder "$1/data")
    [ -n "$at" ] || return 0
    kill -TERM "$at" 2>/dev/null
    tries=0
    while [ -n "$(holder "$1/data")" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 3000 ] || return 1
        pause
    done
}

# holder prints the process of the server whose data lies in the folder $1.
holder() {
    folder=$(cd "$1" 2>/dev/null && pwd -P) || folder=$1
    grep -slxE 'mariadbd|mysqld' /proc/[0-9]*/comm | while IFS= read -r comm; do
        case $(readlink "${comm%/comm}/cwd") in
        "$folder" | "$folder (deleted)")
            printf '%s\n' "${comm%/comm}" | sed 's,.*/,,'
            break
            ;;
        esac
    done
}

# Dumps all databases and what belongs to the server to $STAGE.
# Inputs: STAGE, SUMS (yes or no).
# shellcheck shell=sh disable=SC2154
[ -n "$dumper" ] || die 'mariadb-dump is not installed: apt install mariadb-client'
answers
work
rm -f "$STAGE/whole" "$STAGE/rows"

# dumped runs mariadb-dump on the server.
dumped() {
    if [ -n "$ADDRESS" ]; then
        set -- --protocol=tcp -h "$ADDRESS" -P "$SERVER_PORT" ${ROLE:+-u "$ROLE"} "$@"
    else
        set -- --protocol=socket ${SOCKET:+-S "$SOCKET"} ${ROLE:+-u "$ROLE"} "$@"
    fi
    "$dumper" --default-character-set=utf8mb4 --max-allowed-packet=1G "$@" </dev/null
}

sql -N <<'SQL' | awk -F "$tab" '{ gsub(/_/, "-", $1); printf "--%s=%s\n", $1, $2 }' >"$STAGE/settings"
show global variables where variable_name in ('innodb_page_size', 'innodb_data_file_path', 'innodb_undo_tablespaces', 'lower_case_table_names');
SQL
[ -s "$STAGE/settings" ] || die 'its settings cannot be read'
dumped --system=plugins,users,udfs,servers,timezones --replace >"$STAGE/system.sql" 2>"$tmp/err" ||
    die "users and grants cannot be dumped: $(tail -n 1 "$tmp/err")"
ended "$STAGE/system.sql" || die 'the dump of users and grants is cut short'

sql -N -r -e "select schema_name from information_schema.schemata where schema_name not in $own order by 1" >"$tmp/databases" || die 'the databases cannot be listed'
set --
while IFS= read -r name; do
    set -- "$@" "$name"
done <"$tmp/databases"
if [ "$#" = 0 ]; then
    echo '-- Dump completed: there is no database' >"$STAGE/databases.sql"
fi

# session begins one that reads its statements from $tmp/$1.in.
session() {
    rm -f "$tmp/$1.in"
    mkfifo "$tmp/$1.in" || exit 1
    : >"$tmp/$1"
    sql -N -n <"$tmp/$1.in" >"$tmp/$1" 2>"$tmp/$1.err" &
}

# says waits until a session has said a word, and tells whether it did.
says() {
    until grep -qx "$2" "$tmp/$1"; do
        kill -0 "$3" 2>/dev/null || return 1
        pause
    done
}

# So that what is counted is what is dumped, writes wait until the dump and the
# session that counts both stand still in the same moment. They do so for no
# longer than it takes to begin; where that cannot be had in seconds, nothing is
# counted.
still=no
trap '' PIPE # of a session that ends, for which what it said is looked at
if [ "$SUMS" = yes ] && [ "$#" -gt 0 ]; then
    session lock
    lock=$!
    exec 8>"$tmp/lock.in"
    session count
    count=$!
    exec 9>"$tmp/count.in"
    echo "set session lock_wait_timeout = 5; set session max_statement_time = 10; flush tables with read lock; select 'locked';" >&8
    if says lock locked "$lock"; then
        echo "set session max_statement_time = 0; set session transaction isolation level repeatable read; set session net_write_timeout = 86400;
            set session wait_timeout = 86400; set session idle_transaction_timeout = 0; start transaction with consistent snapshot; select 'held';" >&9
        ! says count held "$count" || still=yes
    fi
fi
if [ "$#" -gt 0 ]; then
    : >"$STAGE/databases.sql"
    dumped --single-transaction --quick --routines --events --triggers --hex-blob --databases "$@" >"$STAGE/databases.sql" 2>"$tmp/dump.err" 8>&- 9>&- &
    dump=$!
    if [ "$still" = yes ]; then
        # Its first words come when its transaction has begun: less than a
        # buffer of them comes ahead of that.
        until [ -s "$STAGE/databases.sql" ] || ! kill -0 "$dump" 2>/dev/null; do
            pause
        done
    fi
    exec 8>&-
    [ "$still" = no ] || measured sql >"$tmp/measure" || die 'the tables cannot be listed'
    wait "$dump" || die "the databases cannot be dumped: $(tail -n 1 "$tmp/dump.err")"
fi
ended "$STAGE/databases.sql" || die 'the dump of the databases is cut short'
if [ "$still" = yes ]; then
    cat "$tmp/measure" >&9 || die "the tables cannot be read: $(tail -n 1 "$tmp/count.err")"
    exec 9>&-
    wait "$count" || die "the tables cannot be read: $(tail -n 1 "$tmp/count.err")"
    grep -vx held "$tmp/count" >"$STAGE/rows"
    ! grep -q "${tab}NULL\$" "$STAGE/rows" || die 'tables were changed or dropped while they were read: try again'
fi
exec 9>&-
flush
printf '%s\n' "$RUN" >"$STAGE/whole"
printf '@databases %s\n@bytes %s\n@sums %s\n' "$#" "$(cat "$STAGE/databases.sql" "$STAGE/system.sql" | wc -c | tr -d ' ')" "$still"

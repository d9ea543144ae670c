# Dumps databases to $STAGE and reads every dump back whole.
# Inputs: STAGE, DATABASES (a line each, empty for all), SUMS (yes or no).
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
is=$(condition)
case $is in
primary | standby) ;;
*) die "the server on port $SERVER_PORT cannot be asked: it is $is" ;;
esac
locate || true
work
rm -f "$STAGE/whole"
# shellcheck disable=SC2034 # each reads it
FROM=$STAGE

owner "$BIN/pg_dumpall" -w -p "$SERVER_PORT" ${SOCKET:+-h "$SOCKET"} -U "${ROLE:-$OWNER}" -l postgres --globals-only >"$STAGE/globals.sql" ||
    die 'the roles cannot be dumped'
tail -n 5 "$STAGE/globals.sql" | grep -q 'dump complete' || die 'the dump of the roles is not whole'

ask -F ' ' -v names="$DATABASES" >"$STAGE/databases" <<'SQL' || die 'the databases cannot be listed'
select row_number() over (order by datname), datname from pg_database
where datallowconn and not datistemplate and (:'names' = '' or datname = any (string_to_array(:'names', E'\n')));
SQL
awk 'NF < 2 || $1 != NR { exit 1 }' "$STAGE/databases" || die 'a database has a name that cannot be written in a line'

# dump writes one database. A session holds the moment still that is dumped, so
# that what is counted is what is dumped.
dump() {
    ask -v name="$name" >"$STAGE/$n.create" <<'SQL' || die "$name cannot be described"
select format('create database :"new" template template0 encoding %L lc_collate %L lc_ctype %L',
        pg_encoding_to_char(encoding), datcollate, datctype)
    || case row ->> 'datlocprovider' when 'i' then format(' locale_provider icu icu_locale %L', coalesce(row ->> 'daticulocale', row ->> 'datlocale'))
        when 'b' then format(' locale_provider builtin builtin_locale %L', row ->> 'datlocale') else '' end
    || format(' owner %I', pg_get_userbyid(datdba)) || ';'
from pg_database d, to_jsonb(d) row where datname = :'name';
SQL
    snapshot=
    if [ "$SUMS" = yes ]; then
        rm -f "$tmp/in" "$tmp/out"
        mkfifo "$tmp/in" || exit 1
        : >"$tmp/out"
        sql -d "$(connection "$name")" -F "$tab" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
        session=$!
        exec 8>"$tmp/in"
        echo 'begin isolation level repeatable read, read only; select pg_export_snapshot();' >&8
        until snapshot=$(sed -n 1p "$tmp/out") && [ -n "$snapshot" ]; do
            kill -0 "$session" 2>/dev/null || die "$name cannot be held still: $(tail -n 1 "$tmp/err")"
            pause
        done
    fi
    owner "$BIN/pg_dump" -w -Fc -Z6 -p "$SERVER_PORT" ${SOCKET:+-h "$SOCKET"} -U "${ROLE:-$OWNER}" ${snapshot:+--snapshot="$snapshot"} -d "$(connection "$name")" \
        >"$STAGE/$n.dump" 2>"$tmp/dump.err" 8>&- </dev/null || die "$name cannot be dumped: $(tail -n 1 "$tmp/dump.err")"
    if [ -n "$snapshot" ]; then
        printf '%s\n' "$rows" >&8
        exec 8>&-
        wait "$session" || die "the tables of $name cannot be read: $(tail -n 1 "$tmp/err")"
        sed 1d "$tmp/out" >"$STAGE/$n.rows"
    fi
    # A list of what is in it is printed of half a dump as well: all is read.
    owner "$BIN/pg_restore" -f /dev/null <"$STAGE/$n.dump" 2>"$tmp/read.err" || die "the dump of $name cannot be read back: $(tail -n 1 "$tmp/read.err")"
}
each dump || exit 1
flush
printf '%s\n' "$RUN" >"$STAGE/whole"
echo "@databases $(wc -l <"$STAGE/databases" | tr -d ' ')"
echo "@bytes $(cat "$STAGE"/*.dump "$STAGE/globals.sql" | wc -c | tr -d ' ')"

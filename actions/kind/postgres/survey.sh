# Says whether and how much can be dumped. Input: DATABASES (a line each, empty
# for all), FOLDER (where dumps lie).
# shellcheck shell=sh disable=SC2154
programs '' || { echo '@missing PostgreSQL (pg_dump, psql)' && exit 0; }
[ -x "$BIN/pg_dump" ] || { echo '@missing pg_dump' && exit 0; }
at=${JURYMAST_ROOT-}$FOLDER
printf '@scratch %s\n@free %s\n' "$FOLDER" "$(free_at "$at")"
is=$(condition)
case $is in
primary | standby) ;;
*) lost "the server on port $SERVER_PORT cannot be asked: it is $is" ;;
esac
ask -v names="$DATABASES" <<'SQL'
select '@version ' || current_setting('server_version');
select '@bytes ' || coalesce(sum(pg_database_size(oid)), 0) from pg_database
    where datallowconn and not datistemplate and (:'names' = '' or datname = any (string_to_array(:'names', E'\n')));
select '@trouble there is no database ' || name from unnest(string_to_array(nullif(:'names', ''), E'\n')) name
    where name not in (select datname from pg_database where datallowconn);
SQL

# What copying and bringing back have in common. A dump is a folder:
#
#   databases.sql         all databases but the system's own, of one moment
#   system.sql            users, roles, grants, plugins, functions, servers, time zones
#   settings              how a server has to be set to take them
#   rows                  count and sum of every table, of the same moment
#   whole                 written last: without it there is no dump
#
# Inputs: OWNER (user of the server), UNIT, CONFIG and DATA: empty where not said.
# shellcheck shell=sh disable=SC2034,SC2154

dumper=$(program -dump)
server=$(program d)
installer=$(program -install-db)

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

# up prints up, or what keeps the server from being asked.
up() {
    [ -n "$client" ] || { echo unknown && return; }
    said=$(sql -N -e 'select 1' 2>&1)
    if [ "$said" = 1 ]; then
        echo up
    else
        condition "$said"
    fi
}

# answers ends it unless the server can be asked.
answers() {
    [ -n "$client" ] || die 'the client mariadb is not installed: apt install mariadb-client'
    [ "$(up)" = up ] || die "the server cannot be asked: $(sql -N -e 'select 1' 2>&1 | tail -n 1)"
}

# The databases that are the server's own.
own="('information_schema', 'performance_schema', 'mysql', 'sys')"

# measured prints the statements that count and sum up every table. Sums are left
# out where a dump does not bring the same bytes back: numbers of type float,
# which it rounds, times of before 10.1, and tables with a history.
measured() {
    "$@" -N -r <<SQL
set session sql_mode = '';
select concat('select ', quote(concat(t.table_schema, '.', t.table_name)), ', ', quote(concat(t.table_type, ' ', coalesce(t.engine, ''))), ';',
    if(t.engine = 'InnoDB' and t.table_type = 'BASE TABLE', concat('select ', quote(concat(t.table_schema, '.', t.table_name)),
        ', concat(''rows '', count(*)) from ', n.name, ';', if(exists (select 1 from information_schema.columns c
            where c.table_schema = t.table_schema and c.table_name = t.table_name and (c.data_type = 'float' or c.column_type like '%mariadb-5.3%')),
        '', concat('checksum table ', n.name, ' extended;'))), ''))
from information_schema.tables t
join (select table_schema, table_name, concat('\`', replace(table_schema, '\`', '\`\`'), '\`.\`', replace(table_name, '\`', '\`\`'), '\`') as name
    from information_schema.tables where table_schema not in $own) n on n.table_schema = t.table_schema and n.table_name = t.table_name
where t.table_schema not in $own order by t.table_schema, t.table_name;
SQL
}

# whole ends it unless $FROM holds a dump of ours that was finished.
whole() {
    [ -f "$FROM/whole" ] || die "$FROM holds no whole dump of MariaDB"
    for f in databases system; do
        ended "$FROM/$f.sql" || die "$FROM/$f.sql is cut short"
    done
}

# ended tells whether a dump was written to its end.
ended() {
    tail -n 3 "$1" 2>/dev/null | grep -q '^-- Dump completed'
}

# compare holds the tables of a server against the dump in $FROM, and says level
# and proof. It is asked by the function $1; with strict a difference is the end.
compare() {
    if [ ! -f "$FROM/rows" ]; then
        n=$("$1" -N -e "select count(*) from information_schema.tables where table_schema not in $own") || die 'it does not answer'
        printf '@level answered\n@proof it answers and has %s tables; the copy has no sums of them\n' "$n"
        return
    fi
    measured "$1" >"$tmp/measure" || die 'its tables cannot be listed'
    "$1" -N <"$tmp/measure" >"$tmp/rows" 2>"$tmp/err" || die "its tables cannot be read: $(tail -n 1 "$tmp/err")"
    gone=$(awk -F "$tab" 'NR == FNR { have[$1]; next } !($1 in have) { print $1; exit }' "$tmp/rows" "$FROM/rows")
    [ -z "$gone" ] || die "table $gone of the copy is not there"
    counts=$(awk -F "$tab" '!seen[$1]++ { t++ } $2 ~ /^rows / { r += substr($2, 6) } END { printf "%d tables, %.0f rows", t, r }' "$FROM/rows")
    differs=$(awk -F "$tab" 'NR == FNR { have[$0]; next } !($0 in have) { print $1; exit }' "$tmp/rows" "$FROM/rows")
    if [ -z "$differs" ]; then
        printf '@level data-checked\n@proof %s: counts and sums are those of the copy\n' "$counts"
    elif [ "${2-}" = strict ]; then
        die "the rows of $differs are not those of the copy"
    else
        printf '@level answered\n@proof it answers; the rows of %s are not those of the copy: it is written to\n' "$differs"
    fi
}

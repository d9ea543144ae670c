# What copying and bringing back databases have in common. A dump is a folder:
#
#   globals.sql           roles, memberships, tablespaces
#   databases             a line each: its number and its name
#   N.dump                the database, as pg_dump -Fc writes it
#   N.create              how an empty one like it is made
#   N.rows                count and sum of every table, of the same moment
#   whole                 written last: without it there is no dump
# shellcheck shell=sh disable=SC2034,SC2154

# The database postgres may be one of those that are exchanged.
DATABASE=template1

# rows counts and sums up every table that a dump holds. A sum of hashes does
# not depend on the order of the rows; what it depends on is set.
# shellcheck disable=SC2016 # dollars quote in SQL
rows='
set timezone to utc; set datestyle to iso, ymd; set intervalstyle to postgres; set bytea_output to hex;
set extra_float_digits to 1; set search_path to pg_catalog; set statement_timeout to 0;
select format(
    $$select %L, count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from only %I.%I t$$,
    quote_ident(n.nspname) || $$.$$ || quote_ident(c.relname), n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = $$r$$ and c.relpersistence <> $$t$$ and n.nspname !~ $$^pg_$$ and n.nspname <> $$information_schema$$
    and not exists (select from pg_depend d where d.classid = $$pg_class$$::regclass and d.objid = c.oid and d.deptype = $$e$$)
order by n.nspname, c.relname \gexec
'

# each runs a function for every database of the dump in $FROM, with $n and
# $name.
each() {
    while read -r n name; do
        "$1" || return 1
    done <"$FROM/databases"
}

# whole ends it unless $FROM holds a dump of ours that was finished.
whole() {
    [ -f "$FROM/whole" ] || die "$FROM holds no whole dump of PostgreSQL"
}

# like prints the name under which a database stands aside, or is made.
like() {
    long="$1$2"
    # 63 bytes are the most that a name can have.
    [ "${#long}" -le 63 ] || long="database-$(printf '%s' "$1" | cksum | tr ' ' -)$2"
    printf '%s' "$long"
}

# empty_out sends away who is in a database, such as the rest of an attempt
# that was cut off, and drops it.
empty_out() {
    there "$1" || return 0
    admin -v name="$1" <<'SQL' || die "database $1 cannot be removed"
select pg_terminate_backend(pid) from pg_stat_activity where datname = :'name';
select pg_sleep(0.3) from pg_stat_activity where datname = :'name' limit 1;
drop database :"name";
SQL
}

# there tells whether a database is there.
there() {
    [ "$(ask -v name="$1" <<'SQL'
select count(*) from pg_database where datname = :'name';
SQL
)" = 1 ]
}

# admin runs statements, with new, old and name as variables.
admin() {
    sql -d template1 "$@" >/dev/null
}

# roles makes the roles and tablespaces of the dump that are not there. What is
# there stays as it is: its password may have been changed since.
roles() {
    sql -d template1 -c 'select quote_ident(rolname) from pg_roles' -c "select '#' || quote_ident(spcname) from pg_tablespace" |
        awk 'NR == FNR { have[$0]; next }
            function known(rest,   e) {
                for (e in have) if (index(rest, e) == 1 && substr(rest, length(e) + 1, 1) ~ /^[ ;]$/) return 1
                return 0
            }
            /^CREATE ROLE / { if (known(substr($0, 13))) next }
            /^ALTER ROLE / { if (known(substr($0, 12))) next }
            /^CREATE TABLESPACE / { if (known("#" substr($0, 19))) next }
            { print }' - "$FROM/globals.sql" | sql -d template1 -f - >/dev/null
}

# connection prints a connection string for a database: a name alone that looks
# like one would be taken for one.
connection() {
    printf "dbname='%s'" "$(printf '%s' "$1" | sed "s/\\\\/\\\\\\\\/g; s/'/\\\\'/g")"
}

# Undoes put.sh: what was set aside by $ASIDE is in its place again, and what was
# restored is removed.
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
[ "$(condition)" = primary ] || die "no server that can be written to runs here on port $SERVER_PORT"
[ -f "$FROM/databases" ] || exit 0 # nothing was put

back() {
    old=$(like "$name" "$ASIDE")
    new=$(like "$name" ".new$ASIDE")
    if there "$old"; then
        if there "$name"; then
            admin -v name="$name" -v old="$old" -v new="$new" <<'SQL' || die "$name cannot be exchanged again: is somebody in it?"
alter database :"name" allow_connections false;
select pg_terminate_backend(pid) from pg_stat_activity where datname in (:'name', :'old');
select pg_sleep(0.2);
begin;
alter database :"name" rename to :"new";
alter database :"old" rename to :"name";
commit;
SQL
        else
            admin -v name="$name" -v old="$old" <<'SQL' || die "$old cannot be put back"
alter database :"old" rename to :"name";
SQL
        fi
    elif [ -e "$FROM/$n.none" ] && there "$name"; then
        admin -v name="$name" -v new="$new" <<'SQL' || die "$name, which was not there before, cannot be taken away"
alter database :"name" allow_connections false;
select pg_terminate_backend(pid) from pg_stat_activity where datname = :'name';
select pg_sleep(0.2);
alter database :"name" rename to :"new";
SQL
    fi
    rm -f "$FROM/$n.none"
    empty_out "$new"
    if there "$name"; then
        admin -v name="$name" <<'SQL'
alter database :"name" allow_connections true;
SQL
    fi
}
each back

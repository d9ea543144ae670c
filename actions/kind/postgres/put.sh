# Restores the dump in $FROM into new databases and, when all of them are there,
# puts each in the place of the live one, which is renamed by $ASIDE.
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
[ "$(condition)" = primary ] || die "no server that can be written to runs here on port $SERVER_PORT"
whole
work
roles || die 'the roles of the copy cannot be made'

restore() {
    if there "$(like "$name" "$ASIDE")" || [ -e "$FROM/$n.none" ]; then
        return 0 # it has been put in place
    fi
    new=$(like "$name" ".new$ASIDE")
    empty_out "$new"
    admin -v new="$new" -f - <"$FROM/$n.create" || die "database $new cannot be made"
    owner "$BIN/pg_restore" -w --exit-on-error -p "$SERVER_PORT" ${SOCKET:+-h "$SOCKET"} -U "${ROLE:-$OWNER}" -d "$(connection "$new")" \
        <"$FROM/$n.dump" 2>"$tmp/err" || die "$name cannot be restored: $(grep -m 1 -i error "$tmp/err")"
}

# The exchange is one transaction. Nobody may be in the old one: those who are
# are sent away, and nobody comes in.
exchange() {
    old=$(like "$name" "$ASIDE")
    new=$(like "$name" ".new$ASIDE")
    if there "$new"; then
        if there "$name"; then
            admin -v name="$name" -v old="$old" -v new="$new" <<'SQL' || die "$name cannot be exchanged: is somebody in it?"
alter database :"name" allow_connections false;
select pg_terminate_backend(pid) from pg_stat_activity where datname in (:'name', :'new');
select pg_sleep(0.2);
begin;
alter database :"name" rename to :"old";
alter database :"new" rename to :"name";
commit;
SQL
        else
            : >"$FROM/$n.none" || exit 1
            admin -v name="$name" -v new="$new" <<'SQL' || die "$name cannot be put in place"
alter database :"new" rename to :"name";
SQL
        fi
    fi
    # Settings and rights of the database itself name it, so they come now.
    owner "$BIN/pg_restore" -C -l <"$FROM/$n.dump" | grep -E 'DATABASE PROPERTIES|(ACL|COMMENT|SECURITY LABEL) - DATABASE' >"$tmp/list" || return 0
    chmod 711 "$tmp" && chmod 644 "$tmp/list" # the server's user reads it
    owner "$BIN/pg_restore" -C -L "$tmp/list" -f - <"$FROM/$n.dump" >"$tmp/settings" 2>"$tmp/err" ||
        die "the settings of $name cannot be read: $(tail -n 1 "$tmp/err")"
    grep -v -e '^\\connect' -e '^CREATE DATABASE ' "$tmp/settings" | admin -f - || die "the settings of $name cannot be restored"
}
each restore || exit 1
each exchange || exit 1

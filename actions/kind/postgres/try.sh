# Brings the dump in $FROM up in a server of its own, which has no network and
# no archive, and holds it against the copy. Inputs: FROM, PORT (a
# scratch one), ASIDE, SCRATCH (the folder in which it may lie).
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
locate || true
whole
work
scratch
unscratch || die "$drill of an earlier attempt cannot be removed"
need=$(cat "$FROM"/*.dump | wc -c | tr -d ' ')
free=$(free_at "$SCRATCH")
[ "$free" -gt $((need * 4)) ] || die "$SCRATCH has $free bytes free, and $((need * 4)) may be needed: set scratch"
mkdir "$drill" || die "$drill cannot be made"
chown "$OWNER" "$drill" 2>/dev/null
owner "$BIN/initdb" -D "$drill/data" -U "$OWNER" -A trust -E UTF8 --locale=C -N >/dev/null 2>"$tmp/err" || die "initdb: $(tail -n 1 "$tmp/err")"
owner "$BIN/pg_ctl" start -D "$drill/data" -s -w -t 120 -l "$drill/log" -o "-p $PORT -k '$drill' -c listen_addresses='' -c archive_mode=off \
    -c fsync=off -c full_page_writes=off -c max_locks_per_transaction=1024 -c max_connections=20 -c cluster_name=drill -c autovacuum=off" >/dev/null ||
    die "a server for the drill does not start: $(tail -n 1 "$drill/log")"
SOCKET=$drill SERVER_PORT=$PORT ROLE=$OWNER
unset PGPASSWORD
roles || die 'the roles of the copy cannot be made'

bring() {
    if ! there "$name"; then
        admin -v new="$name" -f - <"$FROM/$n.create" || die "database $name cannot be made"
    fi
    owner "$BIN/pg_restore" -w --exit-on-error --no-publications --no-subscriptions -p "$SERVER_PORT" -h "$SOCKET" -U "$ROLE" \
        -d "$(connection "$name")" <"$FROM/$n.dump" 2>"$tmp/err" || die "$name cannot be restored: $(grep -m 1 -i error "$tmp/err")"
}
each bring || exit 1
compare strict || exit 1
unscratch || die "$drill cannot be removed"

# Makes the active ready for a host that joins: what happened at its promotion
# is written where pg_rewind looks for it. Input: SLOT, empty for none.
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
[ "$(condition)" = primary ] || die "no active server runs here on port $SERVER_PORT"
ask -c checkpoint >/dev/null || die 'its data cannot be written to disk'
if [ -n "$SLOT" ]; then
    ask -v slot="$SLOT" >/dev/null <<'SQL' || die "slot $SLOT cannot be made"
select pg_create_physical_replication_slot(:'slot', true)
where not exists (select from pg_replication_slots where slot_name = :'slot');
SQL
fi
echo "@system $(ask -c 'select system_identifier from pg_control_system()')"

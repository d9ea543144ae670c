# Sees on the active server that a standby streams. Inputs: NAME, WAIT (seconds).
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
until=$(($(date +%s) + WAIT))
until [ "$(ask -v name="$NAME" <<'SQL'
select count(*) > 0 from pg_stat_replication where application_name = :'name' and state = 'streaming';
SQL
)" = t ]; do
    [ "$(date +%s)" -lt "$until" ] || die "no standby $NAME streams from here"
    pause
done

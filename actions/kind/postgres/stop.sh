# Stops the active server for good, everything handed over, and says where it
# ended. Should anything start it again, it comes up as a standby.
# shellcheck shell=sh disable=SC2154
located
if [ "$(condition)" = standby ]; then
    die "the server on port $SERVER_PORT is a standby and no active one"
fi
stop || die "the server in $DATA does not stop"
state=$(control 'Database cluster state')
[ "$state" = 'shut down' ] || die "the server in $DATA was not shut down cleanly: its state is '$state'"
[ -e "$DATA/standby.signal" ] || echo jurymast | put_file "$DATA/standby.signal" || die "$DATA cannot be written to"
if systemd; then
    systemctl --no-ask-password mask "$UNIT" || die "$UNIT cannot be masked"
fi
printf '@position %s\n@system %s\n' "$(control 'Latest checkpoint location')" "$(control 'Database system identifier')"

# Undoes stop.sh: the server is the active one again.
# shellcheck shell=sh disable=SC2154
located
if [ "$(condition)" = primary ]; then
    exit 0
fi
if [ "$(cat "$DATA/standby.signal" 2>/dev/null)" = jurymast ]; then
    stop || die "the server in $DATA does not stop"
    rm -f "$DATA/standby.signal" || exit 1
fi
if systemd; then
    systemctl --no-ask-password unmask "$UNIT" || die "$UNIT cannot be unmasked"
fi
start || die "the server in $DATA does not start: see its log"
[ "$(condition)" = primary ] || die "the server in $DATA runs, and is a standby"

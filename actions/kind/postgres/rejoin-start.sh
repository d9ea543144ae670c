# Starts a server as a standby and waits until it streams. Input: WAIT (seconds).
# shellcheck shell=sh disable=SC2154
located
[ -e "$DATA/standby.signal" ] || [ "$(condition)" = standby ] || die "$DATA would not come up as a standby: it is not started"
if systemd; then
    systemctl --no-ask-password unmask "$UNIT" || die "$UNIT cannot be unmasked"
fi
# Should it not come up, the next attempt is a clone.
mkdir -p "$DATA.jurymast" && : >"$DATA.jurymast/rewinding"
start || die "the server in $DATA does not start as a standby: see its log; another rejoin clones it"
until=$(($(date +%s) + WAIT))
until [ "$(ask -c "select status from pg_stat_wal_receiver")" = streaming ]; do
    [ "$(condition)" = standby ] || die "the server in $DATA is no standby"
    [ "$(date +%s)" -lt "$until" ] || die "it runs as a standby and does not stream: see its log; another rejoin clones it"
    pause
done
rm -rf "$DATA.jurymast"

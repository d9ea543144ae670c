# Undoes stop.sh: the server is the active one again.
# shellcheck shell=sh disable=SC2154
recall || true
if systemd; then
    systemctl --no-ask-password unmask "$UNIT" || die "$UNIT cannot be unmasked"
fi
start || die 'it does not start: see its log'
if [ "$(condition)" = fenced ]; then
    set_to min-replicas-to-write "${wanted:-0}"
    keep
fi
cli CLIENT UNPAUSE >/dev/null
[ "$(condition)" = active ] || die 'it runs, and is not the active one'

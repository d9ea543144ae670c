# Stops the old active, or whatever it is now, and brings it to a clean end, so
# that its data can be compared. Nobody can write to it meanwhile.
# shellcheck shell=sh disable=SC2154
keep_swap
located
stop || die "the server in $DATA does not stop"
if systemd; then
    systemctl --no-ask-password mask "$UNIT" || die "$UNIT cannot be masked"
fi
case $(control 'Database cluster state') in
'shut down'*) ;;
*)
    # It crashed. One process alone, to which nobody connects, ends what was
    # begun; a standby that crashed is not mended so, but cloned.
    if [ ! -e "$DATA/standby.signal" ] && [ ! -e "$DATA/recovery.signal" ]; then
        owner "$BIN/postgres" --single -D "$DATA" ${CLUSTER_CONF:+-c config_file="$CLUSTER_CONF"} template1 </dev/null >/dev/null 2>&1 || true
    fi
    ;;
esac
if [ "$(control 'Database cluster state')" = 'shut down' ] && [ ! -e "$DATA/standby.signal" ]; then
    echo jurymast | put_file "$DATA/standby.signal" || die "$DATA cannot be written to"
fi

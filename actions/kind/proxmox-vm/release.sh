# Starts the guest again, and lets node and cluster do so.
# shellcheck shell=sh disable=SC2154
if managed; then
    timeout 60 ha-manager set "$SID" --state started || die "HA does not start $SID"
else
    boot=$(sed -n 's/^onboot //p' "$memory" 2>/dev/null)
    if [ "${boot:-0}" = 1 ]; then
        timeout 60 "$TOOL" set "$GUEST" --onboot 1 >/dev/null || die "guest $GUEST cannot be let start with its node"
    fi
    is=$(status) || exit 1
    [ "$is" != stopped ] || timeout 300 "$TOOL" start "$GUEST" || die "guest $GUEST does not start"
fi
rm -f "$memory"

# Stops the guest hard, and keeps node and cluster from starting it again.
# shellcheck shell=sh disable=SC2154
mkdir -p "${memory%/*}" || exit 1
if managed; then
    [ -e "$memory" ] || echo managed >"$memory" || exit 1
    timeout 60 ha-manager set "$SID" --state stopped || die "HA does not let $SID be stopped"
else
    if [ ! -e "$memory" ]; then
        boot=$(setting onboot)
        echo "onboot ${boot:-0}" >"$memory" || exit 1
    fi
    timeout 60 "$TOOL" set "$GUEST" --onboot 0 >/dev/null || die "guest $GUEST cannot be kept from starting with its node"
fi
is=$(status) || exit 1
if [ "$is" != stopped ]; then
    # A lock is that of a backup or a migration: it does not keep a fence back.
    timeout 120 "$TOOL" stop "$GUEST" || timeout 120 "$TOOL" stop "$GUEST" --skiplock 1 || true
fi
# What HA manages is stopped by it, a while later.
until=$(($(date +%s) + WAIT))
while :; do
    is=$(status) || exit 1
    [ "$is" != stopped ] || exit 0
    [ "$(date +%s)" -lt "$until" ] || die "guest $GUEST was stopped and its status is $is"
    sleep 1
done

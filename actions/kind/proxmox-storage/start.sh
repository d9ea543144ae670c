# Starts the guest.
# shellcheck shell=sh disable=SC2154

steady
here "$GUEST"
running "$GUEST" || timeout 300 "$tool" start "$GUEST" >&2 </dev/null || die "guest $GUEST does not start"
running "$GUEST" || die "guest $GUEST was started, and is stopped"

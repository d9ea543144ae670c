# Shuts the guest down, and cuts it off when it does not go within $WAIT seconds:
# what is to be replaced may not listen any more.
# shellcheck shell=sh disable=SC2154

steady
here "$GUEST"
! running "$GUEST" || timeout $((WAIT + 60)) "$tool" shutdown "$GUEST" --timeout "$WAIT" --forceStop 1 >&2 </dev/null || true
! running "$GUEST" || die "guest $GUEST does not stop"

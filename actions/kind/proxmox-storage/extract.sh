# Brings $COPY back as guest $INTO of this node: a new one, with network cards and
# ids of its own, which is not started and does not start with the node. Inputs
# besides: RUN.
# shellcheck shell=sh disable=SC2154

steady
[ "$INTO" != "$GUEST" ] || die "guest $INTO is the live one"
known
if guest "$INTO"; then
    ours "$INTO" || die "there is a guest $INTO on $who, which this run did not make"
    discard "$INTO"
fi
write "$INTO" "$RUN making"
placed "$COPY"
bring "$INTO" "$COPY" --unique 1
warned
here "$INTO"
write "$INTO" "$RUN made"
timeout 60 "$tool" set "$INTO" --onboot 0 >/dev/null </dev/null || die "guest $INTO cannot be kept from starting with its node"
printf '@guest %s\n' "$INTO"

# Undoes put.sh: the guest that was there is brought back from the copy that this
# run made of it, $SAID_COPY; where there was none, what put.sh made is removed.
# Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

steady
if ours "$GUEST"; then
    discard "$GUEST"
elif [ "$(cat "$(note "$GUEST.replaced")" 2>/dev/null)" = "$RUN" ]; then
    COPY=${SAID_COPY-}
    known
    if guest "$GUEST"; then
        here "$GUEST"
        lock=$(setting lock)
        [ -z "$lock" ] || timeout 60 "$tool" unlock "$GUEST" </dev/null || die "guest $GUEST stays locked ($lock)"
        ! running "$GUEST" || timeout 120 "$tool" stop "$GUEST" >&2 </dev/null || die "guest $GUEST does not stop"
    fi
    placed "$COPY"
    bring "$GUEST" "$COPY" --force 1
    rm -f "$(note "$GUEST.replaced")"
fi

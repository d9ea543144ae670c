# Brings $COPY back as the guest itself. Where it is there it is replaced: a copy
# of it, which $SAID_COPY names, must be listed. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

steady
known
if guest "$GUEST" && ! ours "$GUEST"; then
    here "$GUEST"
    [ -n "${SAID_COPY-}" ] || die "guest $GUEST is there, and no copy of it was made by this run"
    awk -v id="$SAID_COPY" -v run="$RUN" '$1 == id && $5 == run && $8 == "whole" { found = 1 } END { exit !found }' "$tmp/copies" ||
        die "$SAID_COPY, the copy of guest $GUEST as it is now, is not listed as whole"
    ! running "$GUEST" || die "guest $GUEST runs"
    placed "$COPY"
    write "$GUEST.replaced" "$RUN"
    bring "$GUEST" "$COPY" --force 1
else
    if guest "$GUEST"; then
        discard "$GUEST"
    fi
    write "$GUEST" "$RUN making"
    placed "$COPY"
    bring "$GUEST" "$COPY"
    write "$GUEST" "$RUN made"
fi
warned
here "$GUEST"

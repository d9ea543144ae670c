# Makes the server anew of $COPY. Where it is there its disk is overwritten, and it
# keeps its addresses, networks and volumes: a copy of it, which $SAID_COPY names,
# must be listed. Where it is gone another of its name is made. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

known
if exists "$SERVER" && ! ours; then
    [ -n "${SAID_COPY-}" ] || die "server $SERVER is there, and no copy of it was made by this run"
    awk -v id="$SAID_COPY" -v run="$RUN" '$1 == id && $5 == run && $4 == "available" { found = 1 } END { exit !found }' "$tmp/images" ||
        die "$SAID_COPY, the copy of server $SERVER as it is now, is not listed as whole"
    if [ "$(at "$doc" .labels.jurymast-replaced)" != "$RUN" ]; then
        [ "$(state)" = off ] || die "server $SERVER is $(state), and was to be off"
        act server add-label --overwrite "$SERVER" "jurymast-replaced=$RUN"
    fi
    act server rebuild "$SERVER" --image "$COPY"
    exists "$SERVER" || die "server $SERVER is gone"
    imaged
else
    ! exists "$SERVER" || discard
    bring "$SERVER"
fi

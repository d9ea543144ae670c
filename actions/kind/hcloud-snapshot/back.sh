# Undoes put.sh: the server is made anew of the copy that this run made of it,
# $SAID_COPY; where there was none, what put.sh made is removed. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

exists "$SERVER" || exit 0
if ours; then
    discard
elif [ "$(at "$doc" .labels.jurymast-replaced)" = "$RUN" ]; then
    COPY=${SAID_COPY-}
    known
    act server rebuild "$SERVER" --image "$COPY"
    exists "$SERVER" || die "server $SERVER is gone"
    imaged
fi

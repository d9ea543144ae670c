# Writes the copy $COPY below $INTO and says @files and @bytes.
# shellcheck shell=sh disable=SC2154

ready
known
if fresh; then
    cd "$INTO" || exit 1 # borg writes to where it is
    # A warning is a file that is not as it was.
    ask extract --numeric-ids "::$COPY"
    code=$?
    if [ "$code" != 0 ]; then
        bad=$(spoilt) && damaged "the copy $COPY is damaged: borg: $bad"
        die "the copy $COPY cannot be extracted: $(why "$code")"
    fi
    cd / || exit 1
fi
whole

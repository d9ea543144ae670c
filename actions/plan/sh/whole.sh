# Ahead of a retention: a copy from which something is missing must never push
# out one that is whole. Inputs: SAID_PARTIAL.
# shellcheck shell=sh
if [ -n "${SAID_PARTIAL-}" ]; then
    echo "nothing is removed: something could not be read (${SAID_PARTIAL})"
    exit 0
fi

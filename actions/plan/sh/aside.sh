# Behind the listing of a copy that is to be all that is left of the live data:
# nothing may be missing from it. Inputs: SAID_PARTIAL.
# shellcheck shell=sh
if [ -n "${SAID_PARTIAL-}" ]; then
    echo "what is there now could not be copied whole ($SAID_PARTIAL), so it stays: restore to another place (--to), or see to that first" >&2
    exit 1
fi

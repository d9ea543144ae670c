# Exit 0 when a step is to be left out: it is not wanted (jm_when fails), or
# done already (jm_check holds). Else 1.
# shellcheck shell=sh
if ! jm_when >/dev/null 2>&1; then
    exit 0
fi
if jm_check >/dev/null 2>&1; then
    exit 0
fi
exit 1

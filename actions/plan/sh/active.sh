# Exit 0 when the service's proof, jm_prove, ahead of this, holds here, else 1.
# shellcheck shell=sh
if jm_prove >/dev/null 2>&1; then
    exit 0
fi
exit 1

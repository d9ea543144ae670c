# Tells the role of a host by the proof of the service, jm_prove, ahead of this.
# shellcheck shell=sh
if jm_prove >/dev/null 2>&1; then
    echo '@role active'
else
    echo '@role stopped'
fi

# Behind files/put.sh: what is in place is tested, and read by the server. What
# does not pass is taken away again (jm_back, which is files/back.sh).
# shellcheck shell=sh disable=SC2154
if ! said=$(tested 2>&1); then
    said=$(printf '%s\n' "$said" | why)
    jm_back || die "$name does not take the copy: $said; and what was there could not be put back"
    die "$name does not take the copy, what was there is back: $said"
fi
applied

# Runs what copies where the paths of the data lead to what holds it: in a mount
# namespace of its own, which is gone with its last process, however that ends.
# Inputs: JM_COPY (the text that copies), JM_THROUGH (the text that leads there),
# JM_NAMES (the variables that the former is told by).
# shellcheck shell=sh disable=SC2154
if ! command -v unshare >/dev/null; then
    echo 'unshare is not installed here (apt install util-linux): nothing is copied' >&2
    exit 1
fi
(
    # shellcheck disable=SC2086,SC2163 # names
    export RUN JM_COPY JM_THROUGH JM_NAMES $JM_NAMES
    # What it is told, secrets among it, is for this shell and not for what it starts.
    # shellcheck disable=SC2016 # expanded by the other shell
    exec unshare -m /bin/sh -c 'for jm_name in RUN JM_COPY JM_THROUGH $JM_NAMES; do
    eval "[ -n \"\${$jm_name+set}\" ]" || continue
    eval "jm_value=\$$jm_name"
    unset "$jm_name"
    eval "$jm_name=\$jm_value"
done
unset JM_NAMES jm_name jm_value
(eval "$JM_THROUGH") </dev/null || exit 1
jm_copy=$JM_COPY
unset JM_COPY JM_THROUGH
eval "$jm_copy"'
) || exit

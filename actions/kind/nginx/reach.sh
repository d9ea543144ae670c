# Where a look finds nginx, behind docker/enter.sh: sets root and at_root, or ends
# when there is none.
# shellcheck shell=sh disable=SC2034,SC2154

root=$SUDO at_root=${JURYMAST_ROOT-}
if [ -n "$enter" ]; then
    root=$enter at_root=
elif ! command -v nginx >/dev/null; then
    echo 'missing nginx'
    exit 0
fi

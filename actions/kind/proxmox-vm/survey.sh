# Whether the guest could be stopped from here.
# shellcheck shell=sh disable=SC2154
is=$(status) || exit 1
if [ -e "${JURYMAST_ROOT-}/etc/pve/corosync.conf" ]; then
    timeout 30 pvecm status >/dev/null 2>&1 || die 'the cluster has no quorum: nothing can be stopped or changed (pvecm status)'
fi
echo "@guest $is"

# Says what LVM knows of its volume groups and volumes, as JSON.
# Input: SUDO, "sudo -n" or nothing.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
SUDO=${SUDO-}

if ! command -v lvs >/dev/null; then
    echo missing
    exit 0
fi
[ "$(id -u)" = 0 ] && SUDO=

# Warnings come on stderr, in the midst of the JSON when the two are one: what
# is wrong is in the fields as well. Only what failed is asked why.
ask() {
    name=$1
    shift
    out=$($SUDO "$@" 2>/dev/null </dev/null)
    code=$?
    [ "$code" = 0 ] || out=$($SUDO "$@" 2>&1 >/dev/null </dev/null)
    printf '== %s\nexit %s\n%s\n' "$name" "$code" "$out"
}

ask groups vgs --reportformat json --units b --nosuffix -o vg_name,vg_attr,vg_size,vg_free,vg_missing_pv_count
ask volumes lvs --reportformat json --units b --nosuffix -o lv_name,vg_name,lv_attr,lv_size,data_percent,metadata_percent,origin,pool_lv,lv_health_status,lv_when_full,seg_monitor,raid_mismatch_count,copy_percent
echo '== end'

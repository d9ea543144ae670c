# Has every drive say how it is, by smartctl, and leaves asleep what sleeps.
# Inputs: SUDO, "sudo -n" or nothing; DRIVES, "DEVICE [TYPE]" a line, asked as
# they are said; IGNORE, a device a line, not asked.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
SUDO=${SUDO-}

if ! command -v smartctl >/dev/null; then
    echo missing
    exit 0
fi
[ "$(id -u)" = 0 ] && SUDO=

# The same drive may be called by several names.
named() { printf '%s\n' "$1" && readlink -f "$1" 2>/dev/null; }
skip=$(printf '%s\n' "${IGNORE-}" "${DRIVES-}" | while read -r dev _; do [ -z "$dev" ] || named "$dev"; done)

ask() {
    dev=$1
    type=$2
    set -- --json=c -n standby -a
    [ -z "$type" ] || set -- "$@" -d "$type"
    out=$($SUDO smartctl "$@" "$dev" 2>&1 </dev/null)
    printf '== drive %s\nexit %s\n%s\n' "$dev${type:+ $type}" "$?" "$out"
}

printf '%s\n' "${DRIVES-}" | while read -r dev type _; do
    [ -z "$dev" ] || ask "$dev" "$type"
done
scan=$($SUDO smartctl --scan 2>&1 </dev/null)
printf '== scan\nexit %s\n%s\n' "$?" "$scan"
printf '%s\n' "$scan" | while read -r dev flag type _; do
    case $dev in
    /dev/*) ;;
    *) continue ;;
    esac
    printf '%s\n' "$skip" | grep -qxF -e "$dev" && continue
    # A scan calls every drive of the kernel's scsi a SCSI drive: smartctl finds
    # out what it is when it is not told. Behind a controller it must be.
    case $type in
    scsi | sat | ata | nvme) type= ;;
    esac
    [ "$flag" = -d ] || type=
    ask "$dev" "$type"
done
echo '== end'

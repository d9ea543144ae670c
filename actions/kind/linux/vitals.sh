# Prints what a Linux machine says of itself in /proc and /sys, in sections.
# No network mount is touched: df is asked for local file systems by name.
# shellcheck shell=sh

LC_ALL=C
export LC_ALL
R=${JURYMAST_ROOT-}

part() { printf '== %s\n' "$1"; }

if [ ! -r "$R/proc/loadavg" ]; then
    part notlinux
    uname -s
    exit 0
fi

part load
cat "$R/proc/loadavg"
part cores
grep -c '^processor' "$R/proc/cpuinfo" 2>/dev/null || nproc
part stat
line=''
[ -r "$R/proc/stat" ] && IFS= read -r line <"$R/proc/stat"
printf '%s\n' "$line"
part system
line=''
[ -r "$R/proc/sys/kernel/osrelease" ] && IFS= read -r line <"$R/proc/sys/kernel/osrelease"
printf '%s\n' "$line"
if [ -r "$R/etc/os-release" ]; then
    while IFS= read -r line; do
        case $line in PRETTY_NAME=*) printf '%s\n' "$line" ;; esac
    done <"$R/etc/os-release"
fi
part memory
grep -E '^(MemTotal|MemAvailable|MemFree|Buffers|Cached|SwapTotal|SwapFree):' "$R/proc/meminfo"
part pressure
cat "$R/proc/pressure/memory" 2>/dev/null
part uptime
cat "$R/proc/uptime"
part boot
cat "$R/proc/sys/kernel/random/boot_id" 2>/dev/null
part mdstat
cat "$R/proc/mdstat" 2>/dev/null

part temperature
for f in "$R"/sys/class/hwmon/hwmon*/temp*_input; do
    [ -r "$f" ] || continue
    value=''
    read -r value <"$f" 2>/dev/null || continue
    name=''
    label=''
    read -r name <"${f%/*}/name" 2>/dev/null
    read -r label <"${f%_input}_label" 2>/dev/null
    printf '%s %s %s\n' "$value" "$name" "$label"
done
for f in "$R"/sys/class/thermal/thermal_zone*/temp; do
    [ -r "$f" ] || continue
    value=''
    read -r value <"$f" 2>/dev/null || continue
    name=''
    read -r name <"${f%/*}/type" 2>/dev/null
    printf '%s %s\n' "$value" "$name"
done

part mounts
set --
while read -r device at type options rest; do
    case $type in
    nfs* | cifs | smb* | fuse* | 9p | ceph | afs | glusterfs | lustre | virtiofs | autofs) continue ;;
    squashfs | iso9660 | erofs | tmpfs | devtmpfs | ramfs) continue ;;
    zfs | btrfs | bcachefs) ;;
    *)
        case $device in
        /dev/*) ;;
        *) [ "$at" = / ] || continue ;;
        esac
        ;;
    esac
    case $at in
    /snap/* | /var/lib/docker/* | /run/*) continue ;;
    esac
    printf '%s %s %s %s\n' "$device" "$at" "$type" "$options"
    # /proc/mounts writes blanks in octal, as printf reads them.
    set -- "$@" "$(printf '%b' "$at")"
done <"$R/proc/mounts"

part fstab
[ -r "$R/etc/fstab" ] && grep -v '^[[:space:]]*#' "$R/etc/fstab"

if [ $# -gt 0 ]; then
    part df
    df -Pk -- "$@" 2>&1
    part inodes
    df -Pi -- "$@" 2>&1
fi
part end

# Says whether the machine waits for a reboot.
# shellcheck shell=sh

LC_ALL=C
export LC_ALL
R=${JURYMAST_ROOT-}

printf 'running %s\n' "$(uname -r)"
[ -r "$R/proc/loadavg" ] || exit 1
if [ -e "$R/run/reboot-required" ]; then
    echo flag
    [ -r "$R/run/reboot-required.pkgs" ] && sort -u "$R/run/reboot-required.pkgs" | while read -r p; do printf 'package %s\n' "$p"; done
fi
# A container runs its host's kernel: what lies in its own /boot says nothing.
if [ ! -e "$R/run/systemd/container" ] && [ ! -e "$R/.dockerenv" ]; then
    for f in "$R"/boot/vmlinuz-*; do
        [ -e "$f" ] && printf 'installed %s\n' "${f##*/vmlinuz-}"
    done
fi
if [ -e "$R/run/booted-system/kernel" ] && [ -e "$R/run/current-system/kernel" ]; then
    printf 'nixos %s %s\n' "$(readlink "$R/run/booted-system/kernel")" "$(readlink "$R/run/current-system/kernel")"
fi
echo end

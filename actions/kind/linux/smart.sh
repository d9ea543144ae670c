# Asks every drive for its own assessment. SUDO is "sudo -n" or nothing.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
R=${JURYMAST_ROOT-}
SUDO=${SUDO-}

set --
for d in "$R"/sys/block/sd* "$R"/sys/block/nvme*; do
    [ -e "$d" ] || continue
    set -- "$@" "/dev/${d##*/}"
done
if [ $# = 0 ]; then
    echo nodrives
    exit 0
fi
if ! command -v smartctl >/dev/null; then
    printf 'missing %s\n' "$#"
    exit 0
fi
[ "$(id -u)" = 0 ] && SUDO=
for d; do
    printf '== %s\n' "$d"
    # A sleeping drive is left asleep.
    # shellcheck disable=SC2086 # two words, or none
    $SUDO smartctl --json=c -n standby -H -A "$d" 2>&1
    printf '\n== exit %s\n' "$?"
done
echo '== end'

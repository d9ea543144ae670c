# Says what ZFS knows of the pools of its host; where datasets are named, of
# their newest snapshots instead: that can hang where a pool is suspended.
# Input: DATASETS, one a line, or nothing; SUDO, "sudo -n" or nothing.
# shellcheck shell=sh

LC_ALL=C
TZ=UTC0 # zpool status writes the local time without its zone
ZPOOL_STATUS_NON_NATIVE_ASHIFT_IGNORE=1 # sectors of another size are slow, and no fault
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL TZ ZPOOL_STATUS_NON_NATIVE_ASHIFT_IGNORE PATH
DATASETS=${DATASETS-}
SUDO=${SUDO-}

if ! command -v zpool >/dev/null; then
    echo missing
    exit 0
fi
[ "$(id -u)" = 0 ] && SUDO=

# Anybody may ask where /dev/zfs is as it comes; elsewhere root may.
ask() {
    part=$1
    shift
    out=$("$@" 2>&1 </dev/null)
    code=$?
    if [ "$code" != 0 ] && [ -n "$SUDO" ]; then
        case $out in
            *"ermission denied"*)
                out=$($SUDO "$@" 2>&1 </dev/null)
                code=$?
                ;;
        esac
    fi
    printf '== %s\nexit %s\n' "$part" "$code"
}

if [ -n "$DATASETS" ]; then
    while IFS= read -r of; do
        [ -n "$of" ] || continue
        ask "newest $of" zfs list -Hp -d 1 -t snapshot -o name,creation -S creation "$of"
        [ "$code" != 0 ] || out=$(printf '%s\n' "$out" | head -n 1)
        printf '%s\n' "$out"
    done <<END
$DATASETS
END
else
    ask list zpool list -Hp -o name,size,alloc,free,cap,health,frag
    printf '%s\n' "$out"
    ask status zpool status -p
    printf '%s\n' "$out"
    ask troubled zpool status -x
    printf '%s\n' "$out"
fi
echo '== end'

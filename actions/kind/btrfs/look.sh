# Says what btrfs knows of each of its file systems that is mounted: what its
# devices count, how its room is given out, when it was scrubbed.
# Input: SUDO, "sudo -n" or nothing.
# shellcheck shell=sh

LC_ALL=C
TZ=UTC0 # scrub status writes the local time without its zone
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL TZ PATH
R=${JURYMAST_ROOT-}
SUDO=${SUDO-}

if ! command -v btrfs >/dev/null; then
    echo missing
    exit 0
fi
[ "$(id -u)" = 0 ] && SUDO=

# One file system may be mounted many times, each subvolume of its own: it is
# named by the shortest of its places, and of those the first.
places=$(awk '/ - btrfs / {
    if (!($3 in at) || length($5) < length(at[$3]) || length($5) == length(at[$3]) && $5 < at[$3]) at[$3] = $5
} END { for (d in at) print at[d] }' "$R/proc/self/mountinfo" 2>/dev/null | sort)

ask() {
    name=$1
    shift
    out=$($SUDO btrfs "$@" 2>&1 </dev/null)
    printf '== %s %s\nexit %s\n%s\n' "$name" "$written" "$?" "$out"
}

echo '== mounts'
printf '%s\n' "$places"
printf '%s\n' "$places" | while read -r written; do
    [ -n "$written" ] || continue
    # mountinfo writes blanks in octal, as printf reads them.
    at=$(printf '%b' "$written")
    ask stats device stats "$at"
    ask usage filesystem usage -b "$at"
    ask scrub scrub status -R "$at"
done
echo '== end'

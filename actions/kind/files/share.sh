# Shares that move along with a service, behind files/lib.sh.
# Input: SHARES, a line each: the mount point, what is mounted there and its
# type, with tabs between them; - for what /etc/fstab has to say.
# shellcheck shell=sh disable=SC2154

tab='	'

# each_share calls a function with the three words of each share, and ends with
# the first code that is not 0.
each_share() {
    while IFS=$tab read -r at source fstype <&3; do
        [ -n "$at" ] || continue
        [ "$source" != - ] || source=
        [ "$fstype" != - ] || fstype=
        "$1" "$at" "$source" "$fstype" || return
    done 3<<JM_SHARES
${SHARES-}
JM_SHARES
}

# writable_at tells whether a path is mounted, and not read-only.
writable_at() {
    written=$(printf '%s' "$1" | sed -e 's/\\/\\134/g' -e 's/ /\\040/g' -e 's/	/\\011/g')
    awk -v at="$(printf '%s' "$written" | sed 's/\\/\\\\/g')" '
        $2 == at { n = split($4, o, ","); rw = 0; for (i = 1; i <= n; i++) if (o[i] == "rw") rw = 1 }
        END { exit !rw }' "${JURYMAST_ROOT-}/proc/mounts"
}

# in_fstab tells whether the system knows what belongs there.
in_fstab() {
    awk -v at="$(printf '%s' "$1" | sed -e 's/ /\\\\040/g')" '$1 !~ /^#/ && $2 == at { found = 1 } END { exit !found }' "${JURYMAST_ROOT-}/etc/fstab" 2>/dev/null
}

share_mount() {
    if ! mounted_at "$1"; then
        mkdir -p "$1" || return 1
        if in_fstab "$1"; then
            mount "$1" </dev/null || die "$1 cannot be mounted"
        elif [ -n "$2" ]; then
            mount ${3:+-t "$3"} "$2" "$1" </dev/null || die "$2 cannot be mounted at $1"
        else
            die "it is not known what is to be mounted at $1: write it into /etc/fstab, or set source of the share"
        fi
        mounted_at "$1" || die "mount ended with 0, and nothing is mounted at $1"
    fi
    writable_at "$1" || die "$1 is mounted read-only"
}

# share_unmount lets a share go. What is busy stays: a lazy unmount would leave
# a writer behind that nobody sees.
share_unmount() {
    mounted_at "$1" || return 0
    umount "$1" </dev/null || die "$1 cannot be unmounted: see who uses it with fuser -vm $1"
    ! mounted_at "$1" || die "umount ended with 0, and $1 is still mounted"
}

# share_could tells what would keep a share from being mounted.
share_could() {
    mounted_at "$1" || in_fstab "$1" || [ -n "$2" ] || trouble "it is not known what is to be mounted at $1: write it into /etc/fstab, or set source of the share"
}

# share_write writes to a share and reads it back.
share_write() {
    writable_at "$1" || die "$1 is not mounted to be written"
    probe=$1/.jurymast-$RUN
    printf '%s\n' "$RUN" >"$probe" && { sync "$probe" 2>/dev/null || sync; } && [ "$(cat "$probe")" = "$RUN" ]
    code=$?
    rm -f "$probe"
    [ "$code" = 0 ] || die "what is written to $1 does not come back"
}

share_is() { mounted_at "$1"; }

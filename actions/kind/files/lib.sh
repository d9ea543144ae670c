# What the scripts for data in folders have in common; it stands ahead of them.
# Input: ROOTS (the folders and files, a path a line).
# shellcheck shell=sh disable=SC2034,SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

trouble() {
    printf '@trouble %s\n' "$(printf '%s' "$*" | tr '\n\t' '  ')"
    exit 0
}

# found prints paths that only the host knows; a kind that has some says so
# behind this.
found() { :; }

# roots makes a list of folders, a path a line, of which the last are found.
roots() {
    [ -z "${ROOTS-}" ] || printf '%s\n' "$ROOTS"
    found
}

# mounted_at tells whether a path is a mount point, without touching it.
mounted_at() {
    table=${JURYMAST_ROOT-}/proc/mounts
    written=$(printf '%s' "$1" | sed -e 's/\\/\\134/g' -e 's/ /\\040/g' -e 's/	/\\011/g')
    [ -r "$table" ] && awk -v at="$(printf '%s' "$written" | sed 's/\\/\\\\/g')" '$2 == at { found = 1 } END { exit !found }' "$table"
}

# there tells whether something has a name, be it a link that leads nowhere.
there() { [ -e "$1" ] || [ -L "$1" ]; }

# keep is where a kind notes what it has to undo: on disk, so that a host that
# was started again still knows.
keep_at() {
    held=${JURYMAST_ROOT-}/var/lib/jurymast/held
    mkdir -p "$held" || die "$held cannot be made"
    held=$held/$(printf '%s' "$1" | tr -c 'A-Za-z0-9._@-' '_')
}

# aside_ok ends with 1 unless $ASIDE is a name that only we give.
aside_ok() {
    case $ASIDE in
    *[!A-Za-z0-9._-]*) return 1 ;;
    .jurymast-?*) ;;
    *) return 1 ;;
    esac
}

# one_disk tells whether something can be renamed from $FROM to a folder: a
# second name for a file can be given on the same terms.
one_disk() {
    : >"$FROM/.jurymast-probe" || return 1
    rm -f "$1/.jurymast-probe"
    ln "$FROM/.jurymast-probe" "$1/.jurymast-probe" 2>/dev/null
    code=$?
    rm -f "$1/.jurymast-probe"
    return "$code"
}

# place moves $1, which lies in $FROM, to $2, where nothing is: all of it or
# nothing. To another disk it is copied first, to $3 on the same disk as $2. $4
# notes that $2 is ours; $5 is a folder of that disk.
place() {
    if one_disk "$5"; then
        : >"$4" && mv "$1" "$2"
    else
        rm -rf "$3"
        cp -a "$1" "$3" && sync && : >"$4" && mv "$3" "$2"
    fi
}

# note prints where it is noted that a path is in place.
note() {
    printf '%s/.jurymast-put-%s\n' "$FROM" "$(printf '%s' "$1" | cksum | tr ' ' -)"
}

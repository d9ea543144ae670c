# What the scripts of every repository have in common; it stands ahead of them.
# Inputs: PATHS, MOUNT and TABLE_MOUNT (a mount point that must be there, and
# the same as a table of mounts writes it; empty for none).
#
# It leaves the paths that are there as positional parameters, and those that
# are not in $absent, one a line.
# shellcheck shell=sh disable=SC2034,SC2154

LC_ALL=C
export LC_ALL
umask 077
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
if [ -z "${HOME-}" ]; then # a detached job has none
    HOME=/
    [ "$(id -u)" != 0 ] || HOME=/root
    export HOME
fi

# die ends with what is wrong as the last line of stderr.
die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# damaged ends as die does, and says that the copy itself is why.
damaged() {
    printf '@damaged %s\n' "$(printf '%s' "$*" | tr '\n\t' '  ')"
    die "$*"
}

# unread ends it where something else than the copy may be why: what was known
# of it stays.
unread() {
    die "whether the copy $COPY is whole is not known: $*"
}

# trouble ends a survey: it cannot be used now.
trouble() {
    printf '@trouble %s\n' "$(printf '%s' "$*" | tr '\n\t' '  ')"
    exit 0
}

# lost ends a survey of data that cannot be copied now, and that a copy may be
# brought back for: a server that does not answer, a file that is gone.
lost() {
    printf '@lost %s\n' "$(printf '%s' "$*" | tr '\n\t' '  ')"
    exit 0
}

# work makes the folder $tmp, which goes when the script ends.
work() {
    tmp=$(mktemp -d "${TMPDIR:-/tmp}/jurymast.XXXXXX") || exit 1
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# mounted tells whether something is mounted where it must be. A mount is not
# touched to see that: one that hangs would hold us.
mounted() {
    [ -n "${MOUNT-}" ] || return 0
    table=${JURYMAST_ROOT-}/proc/mounts
    if [ -r "$table" ]; then
        awk -v at="$(printf '%s' "$TABLE_MOUNT" | sed 's/\\/\\\\/g')" '$2 == at { found = 1 } END { exit !found }' "$table"
    else
        [ "$(df -Pk "$MOUNT" 2>/dev/null | awk 'NR == 2 { print $NF }')" = "$MOUNT" ]
    fi
}

# free_at says how many bytes are free where a path lies or will lie.
free_at() {
    at=$1
    while [ ! -d "$at" ]; do
        at=$(dirname "$at")
    done
    df -Pk "$at" 2>/dev/null | awk 'NR == 2 { printf "%.0f\n", $4 * 1024 }'
}

# measure prints the number of regular files below some paths and their bytes.
measure() {
    # A name may hold a newline: busybox writes it as a question mark of itself.
    how=-lnq
    ls -lnq / >/dev/null 2>&1 || how=-ln
    find "$@" -type f ! -name '.jurymast-*' -exec ls "$how" {} + 2>/dev/null | awk '/^-/ { n++; s += $5 } END { printf "%.0f %.0f\n", n, s }'
}

# fresh makes $INTO ready for what comes out of $COPY, and ends with 1 when all
# of it is there already. The file .jurymast-extract in it says that what lies
# there is ours, and whether it is whole. A folder that holds anything else is
# refused, but for the mark of a work folder.
fresh() {
    [ ! -L "$INTO" ] || die "$INTO is a symbolic link"
    note=$INTO/.jurymast-extract
    mkdir -p "$INTO" || die "$INTO cannot be made"
    if [ -f "$note" ] && [ ! -L "$note" ]; then
        [ "$(cat "$note")" != "whole $COPY" ] || return 1
        # Behind the point of a cut: the note goes last.
        for p in "$INTO"/* "$INTO"/.[!.]* "$INTO"/..?*; do
            [ "$p" = "$note" ] || [ "$p" = "$INTO/.jurymast-work" ] || { [ ! -e "$p" ] && [ ! -L "$p" ]; } || rm -rf "$p" || exit 1
        done
    elif [ -n "$(find "$INTO" ! -path "$INTO" ! -name .jurymast-work -print 2>/dev/null | head -n 1)" ]; then
        die "$INTO is not empty: a copy is extracted to a folder that is"
    fi
    echo "part of $COPY" >"$note" || exit 1
}

# whole says what lies in $INTO, once all of the copy does.
whole() {
    measured=$(measure "$INTO")
    [ "${measured% *}" != 0 ] || die "no file came out of the copy $COPY: it is empty"
    echo "whole $COPY" >"$note.part" && mv "$note.part" "$note" || exit 1
    printf '@files %s\n@bytes %s\n' "${measured% *}" "${measured#* }"
}

# flush has a file written to its disk.
flush() {
    sync "$@" 2>/dev/null || sync
}

set -f
IFS='
'
# shellcheck disable=SC2086 # a path a line
set -- ${PATHS-}
unset IFS
set +f
absent=
for p in "$@"; do
    shift
    case $p in
    / | *//* | */./* | */../* | */. | */.. | */) die "$p is no path that can be copied: write it without dots and without a slash at the end" ;;
    /*) ;;
    *) die "$p is no absolute path" ;;
    esac
    if [ -L "$p" ]; then
        die "$p is a symbolic link, of which only the link would be copied: name what it leads to"
    elif [ -e "$p" ]; then
        set -- "$@" "$p"
    else
        absent="$absent$p
"
    fi
done
if [ -n "${PATHS-}" ] && [ "$#" = 0 ]; then
    die "nothing of what is to be copied is there: $(printf '%s' "$PATHS" | tr '\n' ' ')"
fi

# outside ends it when a folder lies in what is to be copied: the copy would
# hold itself.
outside() {
    inside=$1
    shift
    for p in "$@"; do
        case $inside/ in
        "$p"/*) die "the repository $inside lies in $p, which is to be copied: it would hold itself" ;;
        esac
    done
}

# Puts what lies in $FROM in the place of the live data, which is set aside.
# Inputs besides ROOTS: FROM, ASIDE, INSIDE (yes or no).
#
# A folder is set aside by its name: /srv/data becomes /srv/data$ASIDE. One that
# others hold by the folder itself (INSIDE: a share that is exported), or that
# is a mount point and cannot be renamed, stays, and what is in it goes into
# /srv/data/$ASIDE/was.
#
# Cut off anywhere, it goes on where it was: what is in place is known by what
# has been set aside.
# shellcheck shell=sh disable=SC2154

aside_ok || die "what is set aside must be named .jurymast-RUN, not $ASIDE"
list=$(roots)
set -f
IFS='
'
# shellcheck disable=SC2086 # a path a line
set -- $list
unset IFS
set +f

# renamed_put sets a path aside by its name.
renamed_put() {
    mark=$(note "$1")
    if [ -e "$mark" ] && there "$1"; then
        return 0
    fi
    there "$FROM$1" || die "the copy does not have $1"
    if ! there "$1$ASIDE" && [ ! -e "$mark.none" ]; then
        if there "$1"; then
            mv "$1" "$1$ASIDE" || exit 1
        else
            mkdir -p "${1%/*}/" && : >"$mark.none" || exit 1 # there was nothing
        fi
    fi
    ! there "$1" || die "$1 was made anew when it had been set aside: find out what writes there"
    place "$FROM$1" "$1" "$1$ASIDE.part" "$mark" "${1%/*}/" || die "$1 cannot be put in place"
}

# inside_put sets aside what a folder holds.
inside_put() {
    away=$1/$ASIDE
    [ ! -e "$away/done" ] || return 0
    [ -d "$FROM$1" ] || die "the copy does not have the folder $1"
    # What is set aside is not for the clients of a share.
    mkdir -p "$away" && chmod 700 "$away" && mkdir -p "$away/was" "$away/placed" || exit 1
    if [ ! -e "$away/moved" ]; then
        for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
            case $e in "$away" | "$1/lost+found") continue ;; esac
            ! there "$e" || mv "$e" "$away/was/" || exit 1
        done
        : >"$away/moved" && sync || exit 1
    fi
    for e in "$FROM$1"/* "$FROM$1"/.[!.]* "$FROM$1"/..?*; do
        name=${e##*/}
        if [ "$name" = lost+found ] || ! there "$e" || { [ -e "$away/placed/$name" ] && there "$1/$name"; }; then
            continue
        fi
        ! there "$1/$name" || die "$1/$name was made anew meanwhile: find out who writes there"
        place "$e" "$1/$name" "$away/part" "$away/placed/$name" "$away" || die "$1/$name cannot be put in place"
    done
    : >"$away/done" || exit 1
}

# below tells whether something is mounted below a path: it would move along.
below() {
    written=$(printf '%s/' "$1" | sed -e 's/\\/\\134/g' -e 's/ /\\040/g' -e 's/	/\\011/g')
    [ -r "${JURYMAST_ROOT-}/proc/mounts" ] &&
        awk -v at="$(printf '%s' "$written" | sed 's/\\/\\\\/g')" 'index($2, at) == 1 { found = 1 } END { exit !found }' "${JURYMAST_ROOT-}/proc/mounts"
}

# Nothing is touched unless all of it can be put in place.
for p in "$@"; do
    [ ! -L "$p" ] || die "$p is a symbolic link: what it leads to is to be named"
    ! below "$p" || die "something is mounted below $p: unmount it first"
    there "$FROM$p" || [ -e "$(note "$p")" ] || [ -e "$p/$ASIDE/moved" ] || die "the copy does not have $p: nothing was changed"
done
[ "$#" -gt 0 ] || die "it is not known where the data lies: name its paths in data"
for p in "$@"; do
    if [ -d "$p" ] && { [ "$INSIDE" = yes ] || mounted_at "$p" || [ -d "$p/$ASIDE" ]; }; then
        inside_put "$p"
    else
        renamed_put "$p"
    fi
done
sync

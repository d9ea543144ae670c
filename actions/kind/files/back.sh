# Undoes put.sh: what was set aside comes back, and what was put in its place
# goes back to $FROM where it came from. Inputs as there.
# shellcheck shell=sh disable=SC2154

aside_ok || die "what was set aside is named .jurymast-RUN, not $ASIDE"
list=$(roots)
set -f
IFS='
'
# shellcheck disable=SC2086 # a path a line
set -- $list
unset IFS
set +f

# away moves what was put in place back to where it came from. What was copied
# from there is still there, and the second of it is removed: a symbolic link
# as itself.
away() {
    if there "$2"; then
        rm -rf "$1"
    else
        mkdir -p "${2%/*}" && mv "$1" "$2"
    fi
}

for p in "$@"; do
    [ ! -L "$p" ] || die "$p is a symbolic link: it stays as it is"
    mark=$(note "$p")
    rm -rf "$p$ASIDE.part" "${p%/*}/.jurymast-probe"
    if there "$p$ASIDE" || [ -e "$mark.none" ]; then
        if there "$p"; then
            [ -e "$mark" ] || die "$p was made anew when it had been set aside: what was there is $p$ASIDE"
            away "$p" "$FROM$p" || die "$p cannot be taken away"
        fi
        if there "$p$ASIDE"; then
            mv "$p$ASIDE" "$p" || exit 1
        fi
        rm -f "$mark" "$mark.none"
    elif [ -d "$p/$ASIDE" ] && [ ! -L "$p/$ASIDE" ]; then
        a=$p/$ASIDE
        rm -rf "$a/part" "$a/done" "$a/.jurymast-probe"
        # What others have made meanwhile stays, under another name if need be.
        for m in "$a/placed"/* "$a/placed"/.[!.]* "$a/placed"/..?*; do
            there "$m" || continue
            name=${m##*/}
            ! there "$p/$name" || away "$p/$name" "$FROM$p/$name" || die "$p/$name cannot be taken away"
            rm -f "$m"
        done
        rm -f "$a/moved"
        for e in "$a/was"/* "$a/was"/.[!.]* "$a/was"/..?*; do
            there "$e" || continue
            name=${e##*/}
            if there "$p/$name"; then
                mv "$p/$name" "$p/$name$ASIDE" || exit 1
            fi
            mv "$e" "$p/" || exit 1
        done
        rmdir "$a/was" "$a/placed" "$a" || exit 1
    fi
done
sync

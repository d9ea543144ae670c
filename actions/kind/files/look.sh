# Says of each path whether it is there: its number, a word, and how full its
# disk is. Inputs: ROOTS, a path a line; SUDO, "sudo -n" or nothing: used only
# where the login may not read it.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
export LC_ALL
SUDO=${SUDO-}
# A path on a disk that hangs would hold the look.
limit=
! command -v timeout >/dev/null || limit='timeout 5'

set -f
IFS='
'
# shellcheck disable=SC2086 # a path a line
set -- $ROOTS
unset IFS
set +f
n=0
for p in "$@"; do
    n=$((n + 1))
    # shellcheck disable=SC2016,SC2086 # expanded by the other shell; words
    state=$($limit sh -c '
        if [ -L "$1" ]; then echo link
        elif [ -d "$1" ]; then
            if list=$(ls -A "$1" 2>/dev/null); then
                if [ -n "$list" ]; then echo there; else echo empty; fi
            else echo closed
            fi
        elif [ -r "$1" ]; then echo there
        elif [ -e "$1" ]; then echo closed
        else echo absent
        fi' sh "$p" </dev/null)
    [ "$?" != 124 ] || state=slow
    if [ -n "$SUDO" ] && { [ "$state" = closed ] || [ "$state" = absent ]; }; then
        # Below a folder that is closed, all is absent to the login.
        # shellcheck disable=SC2086 # words
        if $SUDO test -d "$p" </dev/null 2>/dev/null; then
            state=empty
            # shellcheck disable=SC2086 # words
            [ -z "$($SUDO ls -A "$p" </dev/null 2>/dev/null)" ] || state=there
        elif $SUDO test -f "$p" </dev/null 2>/dev/null; then
            state=there
        fi
    fi
    full=
    if [ "$state" = there ] || [ "$state" = empty ]; then
        # shellcheck disable=SC2086 # words
        full=$($limit df -Pk "$p" 2>/dev/null </dev/null | awk 'NR == 2 { sub(/%/, "", $5); print $5 }')
    fi
    printf '%s %s %s\n' "$n" "${state:-slow}" "$full"
done
echo end

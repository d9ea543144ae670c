# Answers at the host that keeps the copies, behind directory/common.sh and
# facts.sh. Inputs: ASK, REPOSITORY, TAG, and what goes with the question.
#
# A copy ID of the backup TAG is a subvolume REPOSITORY/TAG/ID, read-only and
# received to its end, and a note REPOSITORY/TAG/ID.copy, which is written last:
# "BYTES FILES UUID PATH", of the subvolume that was sent. Where it was found
# damaged, ID.damaged lies beside it.
# shellcheck shell=sh disable=SC2153,SC2154

at=$REPOSITORY/$TAG
[ "$(id -u)" = 0 ] || die "btrfs there is to be asked by root: log in as root"
command -v btrfs >/dev/null || die "btrfs is not installed: apt install btrfs-progs"
mounted || die "nothing is mounted at $MOUNT, where the repository lies"
[ -d "$REPOSITORY" ] || die "there is no folder $REPOSITORY: make it, on a btrfs"
[ ! -L "$at" ] || die "$at is a symbolic link"

# named ends it unless $1 is the name of a copy.
named() {
    case $1 in
    */* | .* | -* | *[!A-Za-z0-9._-]*) die "$1 is the name of no copy" ;;
    [0-9]*T[0-9]*Z-?*) ;;
    *) die "$1 is the name of no copy" ;;
    esac
}

# gone removes a subvolume, its note first: what is left when this is cut off is
# no copy.
gone() {
    rm -f "$at/$1.copy" "$at/$1.damaged" || exit 1
    if [ -e "$at/$1" ]; then
        btrfs subvolume delete "$at/$1" >/dev/null </dev/null || exit 1
    fi
}

# is ends it unless the copy $1 came of the whole of what was sent of $2.
is() {
    named "$1"
    arrived "$at/$1" || die "what came of $1 is not whole: it is ${flags:-no subvolume}, received ${received:--}"
    [ "$received" = "$2" ] || die "$1 came of $received, and $2 was sent"
}

case $ASK in
survey)
    told=$(btrfs filesystem df "$REPOSITORY" 2>&1 </dev/null) || die "$REPOSITORY is on no btrfs: $told"
    printf 'jm-begin\nversion %s\nfree %s\njm-end\n' "$(btrfs --version </dev/null | awk 'NR == 1 { sub(/^v/, "", $2); print $2 }')" "$(free_at "$REPOSITORY")"
    ;;
list)
    echo jm-begin
    for note in "$at"/*.copy; do
        id=${note##*/} id=${id%.copy}
        if [ -f "$note" ] && [ ! -L "$note" ] && read -r bytes files sent path <"$note" && arrived "$at/$id" && [ "$received" = "$sent" ]; then
            printf 'copy %s %s %s %s %s\n' "$id" "$bytes" "$files" "$received" "$path"
            [ ! -e "$at/$id.damaged" ] || printf 'damaged %s\n' "$id"
        fi
    done
    echo jm-end
    ;;
open) # makes it ready to receive: what came of attempts that were cut off goes
    mkdir -p "$at" || die "$at cannot be made"
    echo jm-begin
    for p in "$at"/[0-9]*T[0-9]*Z-*; do
        id=${p##*/}
        case $id in *.copy | *.copy.part) continue ;; esac
        if [ -d "$p" ] && [ ! -e "$at/$id.copy" ]; then
            gone "$id"
            printf 'gone %s\n' "$id"
        fi
    done
    echo jm-end
    ;;
whole)
    echo jm-begin
    (is "$ID" "$UUID") 2>/dev/null && echo yes
    echo jm-end
    ;;
note)
    is "$ID" "$UUID"
    printf '%s %s %s %s\n' "$BYTES" "$FILES" "$UUID" "$FROM" >"$at/$ID.copy.part" && flush "$at/$ID.copy.part" &&
        mv "$at/$ID.copy.part" "$at/$ID.copy" && flush "$at" || exit 1
    printf 'jm-begin\njm-end\n'
    ;;
remove)
    echo jm-begin
    for id in $IDS; do
        named "$id"
        gone "$id"
        printf 'gone %s\n' "$id"
    done
    echo jm-end
    ;;
damaged) # so that no other is made from it
    named "$ID"
    [ ! -f "$at/$ID.copy" ] || : >"$at/$ID.damaged" || exit 1
    printf 'jm-begin\njm-end\n'
    ;;
verify) # the sums of the data are compared when it is read
    is "$ID" "$MARK"
    told=$(find "$at/$ID" -type f -exec cat {} + 2>&1 >/dev/null) || die "not all of $ID can be read: $(printf '%s\n' "$told" | head -n 1)"
    printf 'jm-begin\nmeasured %s\njm-end\n' "$(measure "$at/$ID")"
    ;;
read) # the copy as an archive, and nothing else
    is "$ID" "$MARK"
    keeping=
    case $(tar --help 2>/dev/null) in
    *--xattrs-include*) keeping='--acls --xattrs --xattrs-include=* --numeric-owner --sparse' ;;
    esac
    # shellcheck disable=SC2086 # words
    exec tar -C "$at/$ID" -c $keeping -f - .
    ;;
*) die "it is not known what $ASK asks" ;;
esac

# Answers at the host that keeps the copies, behind directory/common.sh and
# facts.sh. Inputs: ASK, REPOSITORY (a dataset), TAG, and what goes with the
# question.
#
# What came of one whole stream and of all that was sent on top of it lies in one
# dataset, REPOSITORY/TAG/CHAIN. A copy ID of the backup TAG is a snapshot in one
# of them, jurymast:NAME:TAG:ID, that has the GUID of the snapshot that was sent
# and a property that is written last, "ID BYTES FILES GUID PATH". One that was
# found damaged has a property that says so.
# shellcheck shell=sh disable=SC2153,SC2154

work
at=$REPOSITORY/$TAG
command -v zfs >/dev/null || die "ZFS is not installed: apt install zfsutils-linux"
zfs list -H -r -d 1 -t filesystem -o name "$REPOSITORY" >"$tmp/sets" 2>"$tmp/zfs.err" </dev/null || die "$REPOSITORY cannot be used: $(told)"
grep -qxF "$at" "$tmp/sets" && there=yes || there=no

# named ends it unless $1 is the name of a copy, or of a chain, which has that of
# its first.
named() {
    case $1 in
    *[!A-Za-z0-9._-]*) ;;
    [0-9]*T[0-9]*Z-?*) return ;;
    esac
    die "$1 is the name of no copy"
}

# all writes to $tmp/all what snapshots there are, as they came about: "GUID NAME
# DAMAGED NOTE", with tabs between.
all() {
    : >"$tmp/all"
    [ "$there" = no ] ||
        zfs list -H -p -r -t snapshot -o guid,name,jurymast:damaged,jurymast:copy -s createtxg "$at" >"$tmp/all" 2>"$tmp/zfs.err" </dev/null || die "$at: $(told)"
}

# of sets $ds and $snap of the copy $1, and ends it unless it is there once and
# came of the whole of $2.
of() {
    named "$1"
    all
    snap=$(awk -F '\t' -v id=":$1" 'substr($2, length($2) - length(id) + 1) == id { print $2 }' "$tmp/all")
    case $snap in
    '') die "nothing came of $1" ;;
    *[!A-Za-z0-9@/:._-]*) die "there is more than one $1" ;;
    esac
    ds=${snap%@*}
    guid=$(property guid "$snap") || die "$snap: $(told)"
    [ "$guid" = "$2" ] || die "what came of $1 is not what was sent: its GUID is $guid, and not $2"
}

# ended ends it while a stream into $ds has not come to its end.
ended() {
    token=$(property receive_resume_token "$ds") || die "$ds: $(told)"
    [ "$token" = - ] || die "what was sent to $ds has not all come: it has a receive_resume_token"
}

# readable prints why the files of $ds cannot be read here, or nothing.
readable() {
    if [ "$(property keystatus "$ds")" = unavailable ]; then
        echo "$ds is encrypted, and its key is not loaded: zfs load-key $ds there"
    elif [ "$(id -u)" != 0 ]; then
        echo "only root may mount $snap there"
    fi
}

# tidy removes what holds no copy any more: datasets of ours without snapshots and
# without a stream to go on with. One that has any is kept by zfs itself.
tidy() {
    all
    zfs list -H -r -d 1 -t filesystem,volume -o name "$at" 2>/dev/null </dev/null >"$tmp/sets" || return 0
    while read -r set; do
        case ${set#"$at"/} in
        [0-9]*T[0-9]*Z-*) ;;
        *) continue ;;
        esac
        if ! grep -qF "	$set@" "$tmp/all" && [ "$(property receive_resume_token "$set")" = - ]; then
            zfs destroy "$set" 2>/dev/null </dev/null
        fi
    done <"$tmp/sets"
}

case $ASK in
survey)
    free=$(property available "$REPOSITORY") || die "$REPOSITORY: $(told)"
    printf 'jm-begin\nversion %s\nfree %s\njm-end\n' "$(zfs version 2>/dev/null </dev/null | awk 'NR == 1 { sub(/^zfs-/, ""); print }')" "$free"
    ;;
list)
    all
    echo jm-begin
    awk -F '\t' -v at="$at/" '
        {
            set = $2
            sub(/@.*/, "", set)
            chain = substr(set, length(at) + 1)
            if (index(set, at) != 1 || index(chain, "/")) next
            id = substr($2, length(set) + 2)
            last[chain] = NR
            guid[chain] = $1
            name[chain] = id
            if (id !~ /^jurymast:/) next
            sub(/.*:/, "", id)
            note = $0
            for (i = 1; i < 4; i++) sub(/^[^\t]*\t/, "", note)
            if (note == "-") print "left", id, $1
            split(note, n, " ")
            if ($3 != "-") print "damaged", id, chain
            if (n[1] == id && n[4] == $1) print "copy", note
            else if (note != "-") print "other", id, $1
        }
        END { for (c in last) print "head", last[c], c, guid[c], name[c] }' "$tmp/all"
    if [ "$there" = yes ]; then
        # A stream that was cut off, and of what it is.
        zfs get -H -r -t filesystem,volume -o name,value receive_resume_token "$at" 2>"$tmp/zfs.err" </dev/null >"$tmp/tokens" || die "$at: $(told)"
        awk -F '\t' -v at="$at/" 'index($1, at) == 1 && $2 != "-" { print "token", substr($1, length(at) + 1), $2 }' "$tmp/tokens"
        printf 'sending %s\n' "$(property jurymast:sending "$at")"
    fi
    echo jm-end
    ;;
open) # makes it ready to receive, and notes of what
    named "$CHAIN"
    if [ "$there" = no ]; then
        zfs create -o canmount=off -o readonly=on "$at" 2>"$tmp/zfs.err" </dev/null || die "$at cannot be made: $(told)"
    else
        # What came whole and is no copy: nobody knows any more what it is of.
        all
        awk -F '\t' '$4 == "-" && $2 ~ /@jurymast:/ { print $2 }' "$tmp/all" >"$tmp/left"
        while read -r snap; do
            drop "$snap" || die "$snap, which was left, cannot be removed: $(told)"
        done <"$tmp/left"
        tidy
    fi
    zfs set jurymast:sending="$CHAIN $GUID $ID" "$at" 2>"$tmp/zfs.err" </dev/null || die "$at: $(told)"
    printf 'jm-begin\njm-end\n'
    ;;
abort)
    named "$CHAIN"
    zfs receive -A "$at/$CHAIN" 2>"$tmp/zfs.err" </dev/null || die "what came of half a stream into $at/$CHAIN cannot be removed: $(told)"
    printf 'jm-begin\njm-end\n'
    ;;
note)
    of "$ID" "$GUID"
    ended
    [ "$(property readonly "$ds")" = on ] || zfs set readonly=on "$ds" 2>"$tmp/zfs.err" </dev/null || die "$ds: $(told)"
    # A volume has no canmount.
    case $(property canmount "$ds") in
    on) zfs set canmount=noauto "$ds" 2>"$tmp/zfs.err" </dev/null || die "$ds: $(told)" ;;
    esac
    hold "$snap" || die "$snap cannot be held: $(told)"
    zfs set jurymast:copy="$ID $BYTES $FILES $GUID $FROM" "$snap" 2>"$tmp/zfs.err" </dev/null || die "$snap: $(told)"
    new=$snap
    awk -F '\t' '$2 ~ /@jurymast:/ { print $2 }' "$tmp/all" >"$tmp/ours"
    while read -r snap; do
        if [ "$snap" != "$new" ] && held "$snap"; then
            zfs release jurymast "$snap" </dev/null || exit 1
        fi
    done <"$tmp/ours"
    printf 'jm-begin\njm-end\n'
    ;;
remove) # each of them by its own name, and nothing that somebody holds
    all
    echo jm-begin
    for id in $IDS; do
        named "$id"
        snap=$(awk -F '\t' -v id=":$id" 'substr($2, length($2) - length(id) + 1) == id && $4 != "-" { print $2 }' "$tmp/all")
        case $snap in
        *@*[!A-Za-z0-9:._-]* | '') die "there is not one $id" ;;
        esac
        ! held "$snap" || die "$id is the newest: what is sent next begins from it"
        drop "$snap" || die "$snap cannot be removed: $(told)"
        printf 'gone %s\n' "$id"
    done
    tidy
    echo jm-end
    ;;
damaged) # so that no other is sent on top of it
    named "$ID"
    all
    awk -F '\t' -v id=":$ID" '$2 ~ /@jurymast:/ && substr($2, length($2) - length(id) + 1) == id { print $2 }' "$tmp/all" >"$tmp/one"
    read -r snap <"$tmp/one" || die "there is no $ID"
    zfs set jurymast:damaged=yes "$snap" 2>"$tmp/zfs.err" </dev/null || die "$snap: $(told)"
    printf 'jm-begin\njm-end\n'
    ;;
verify) # the sums of the data are compared when it is read
    of "$ID" "$MARK"
    ended
    echo jm-begin
    no=$(readable)
    if [ -n "$no" ]; then
        printf 'unread %s\n' "$no"
    else
        open_files "$snap" || die "$snap cannot be mounted: $(told)"
        said=$(find "$tmp/at" -type f -exec cat {} + 2>&1 >/dev/null) || die "not all of $ID can be read: $(printf '%s\n' "$said" | head -n 1)"
        printf 'measured %s\n' "$(measure "$tmp/at")"
        close_files || exit 1
    fi
    echo jm-end
    ;;
read) # the copy as an archive, and nothing else
    of "$ID" "$MARK"
    no=$(readable)
    [ -z "$no" ] || die "$no"
    open_files "$snap" || die "$snap cannot be mounted: $(told)"
    keeping=
    case $(tar --help 2>/dev/null) in
    *--xattrs-include*) keeping='--acls --xattrs --xattrs-include=* --numeric-owner --sparse' ;;
    esac
    # shellcheck disable=SC2086 # words
    tar -C "$tmp/at" -c $keeping -f - .
    code=$?
    close_files && exit "$code"
    ;;
*) die "it is not known what $ASK asks" ;;
esac

# Sends a snapshot of the dataset that is mounted at $PATHS: all of it, or what
# changed since the newest that both sides have; ahead of that, the rest of a
# stream that was cut off. Says @copy, @bytes and @files. Inputs besides: RUN,
# NESTED (yes: datasets below it may be missing), RAW (yes: what is encrypted is
# sent as it lies).
# shellcheck shell=sh disable=SC2154

[ "$#$absent" = 1 ] || die "a copy here is of one dataset, and this backup has more paths: give each a backup of its own"
path=$1
dataset "$path" || die "$path cannot be sent: $(told)"
case $DESTINATION/$REPOSITORY/ in
/"$ds"/*) die "the repository $REPOSITORY lies in $ds, which is to be copied: it would hold itself" ;;
esac

# made ends it when this run has made its copy, and tidies up behind it.
made() {
    say >"$tmp/said" || return 0
    id=$(awk '$1 == "@copy" { print $2 }' "$tmp/said")
    left_but "$id"
    cat "$tmp/said"
    exit 0
}

# left_but removes the snapshots and bookmarks of ours that nothing begins from:
# all but those of the copy $1.
left_but() {
    here
    cut -f 2- "$tmp/here" >"$tmp/names"
    while read -r name; do
        case $name in
        "$ds@$ours_here$1" | "$ds#$ours_here$1") ;;
        "$ds@$ours_here"* | "$ds#$ours_here"*) drop "$name" || echo "$name is left: $(told)" >&2 ;;
        esac
    done <"$tmp/names"
}

# guid_here prints the GUID of the snapshot of a copy here, if there is one.
guid_here() { awk -F '\t' -v name="$ds@$ours_here$1" '$2 == name { print $1 }' "$tmp/here"; }

# weigh sets what is known of the snapshot $id.
weigh() {
    guid=$(property guid "$ds@$ours_here$id") || die "$ds@$ours_here$id: $(told)"
    open_files "$ds@$ours_here$id" || die "$ds@$ours_here$id cannot be mounted: $(told)"
    measured=$(measure "$tmp/at")
    close_files || die "$ds@$ours_here$id cannot be unmounted"
    files=${measured% *} bytes=${measured#* }
}

# finish notes the copy at the other end, once that is seen to be whole, and
# leaves here what the next one is made from: the snapshot, and a bookmark for
# when somebody removes that.
finish() {
    ask note ID "$id" GUID "$guid" BYTES "$bytes" FILES "$files" FROM "$path"
    property guid "$ds#$ours_here$id" >/dev/null || zfs bookmark "$ds@$ours_here$id" "$ds#$ours_here$id" 2>"$tmp/zfs.err" </dev/null ||
        echo "there is no bookmark of $id: $(told)" >&2
}

# transmit has the other end receive into its dataset $1 what zfs sends with the
# rest of the arguments.
transmit() {
    into=$1
    shift
    rm -f "$tmp/near.code"
    set_to='-o readonly=on -o canmount=noauto'
    [ "$1" != -t ] || set_to=
    # shellcheck disable=SC2086 # words
    receive=$(tool zfs receive -s -u $set_to "$into")
    {
        zfs send "$@" 2>"$tmp/near.err" </dev/null
        echo "$?" >"$tmp/near.code"
    } | line "$receive" >/dev/null 2>"$tmp/far.said"
    code=$?
    words <"$tmp/far.said" >"$tmp/far.err"
    reason=$(stream "$code" "$path was not sent") && return 0
    # What came is kept for the next attempt, unless the other end will have no
    # more of it.
    case $1:$code:$(cat "$tmp/near.code") in
    -t:1:0 | -t:1:141)
        if there list && grep -qF " $2" "$tmp/answer" && there abort CHAIN "${into##*/}"; then
            reason="${reason%.}. What had come of it is given up"
        fi
        ;;
    esac
    die "$reason"
}

made
cp "$tmp/answer" "$tmp/state"
zfs list -H -r -d 1 -t filesystem,volume -o name "$ds" >"$tmp/below" 2>"$tmp/zfs.err" </dev/null || die "$ds: $(told)"
below=$(awk -v ds="$ds/" 'index($0, ds) == 1' "$tmp/below" | tr '\n' ' ')
[ -z "$below" ] || [ "$NESTED" = yes ] ||
    die "$ds has datasets of its own, which no snapshot of it holds: ${below% }. Give them backups of their own, and set leave_nested = true"
here

# The rest of what was cut off, if it is still there.
if grep -q '^token ' "$tmp/state"; then
    chain=$(awk '$1 == "token" { print $2; exit }' "$tmp/state")
    token=$(awk '$1 == "token" { print $3; exit }' "$tmp/state")
    id=$(awk -v chain="$chain" '$1 == "sending" && $2 == chain { print $4 }' "$tmp/state")
    guid=$(awk -v chain="$chain" '$1 == "sending" && $2 == chain { print $3 }' "$tmp/state")
    if [ -n "$id" ] && ours "$id" && [ "$(guid_here "$id")" = "$guid" ] && zfs send -n -t "$token" >/dev/null 2>"$tmp/zfs.err" </dev/null; then
        weigh
        transmit "$REPOSITORY/$TAG/$chain" -t "$token"
        finish
    else
        echo "what was cut off cannot be gone on with, for its snapshot is not here any more: it is given up" >&2
        ask abort CHAIN "$chain"
    fi
    made
fi

# What had come whole when it was cut off ahead of its note.
awk '$1 == "left" { print $2, $3 }' "$tmp/answer" >"$tmp/left"
while read -r id guid <&3; do
    if ours "$id" && [ "$(guid_here "$id")" = "$guid" ]; then
        weigh
        finish
    fi
done 3<"$tmp/left"
made

# What is not what was sent is no copy, and nothing is sent on top of it.
awk '$1 == "other" { print $2 }' "$tmp/answer" >"$tmp/other"
while read -r id; do
    echo "$who has a snapshot $id that is not the one that was sent: it is no copy" >&2
done <"$tmp/other"

base='' chain='' from=''
if common >"$tmp/common"; then
    read -r base chain from <"$tmp/common"
elif grep -q '^copy ' "$tmp/answer"; then
    echo "the newest that $who has is not here any more: all is sent" >&2
fi
left_but "${base:--}"
while id=$(date -u +%Y%m%dT%H%M%SZ)-$RUN && grep -qF ":$id" "$tmp/names" "$tmp/answer"; do
    sleep 1
done
zfs snapshot "$ds@$ours_here$id" 2>"$tmp/zfs.err" </dev/null || die "no snapshot of $ds can be made: $(told)"
hold "$ds@$ours_here$id" || die "$ds@$ours_here$id cannot be held: $(told)"
weigh
set -- -L -c
case $(property encryption "$ds") in
off | - | '') ;;
*) [ "$RAW" = no ] || set -- -w ;;
esac
# A bookmark is begun from by -i as a snapshot is, and by -I not.
[ -z "$from" ] || set -- "$@" -i "$from"
chain=${chain:-$id}
ask open CHAIN "$chain" ID "$id" GUID "$guid"
transmit "$REPOSITORY/$TAG/$chain" "$@" "$ds@$ours_here$id"
finish
made
die "it was sent, and $who does not list it"

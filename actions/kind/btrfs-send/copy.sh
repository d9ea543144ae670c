# Sends a snapshot of the subvolume $PATHS: all of it, or what changed since the
# newest that both sides have. Says @copy, @bytes and @files. Inputs besides:
# RUN, NESTED (yes: subvolumes below it may be missing).
#
# What was cut off begins again: btrfs cannot go on with half of a stream.
# shellcheck shell=sh disable=SC2154

[ "$#$absent" = 1 ] || die "a copy here is of one subvolume, and this backup has more paths: give each a backup of its own"
path=$1
facts "$path" || die "$path cannot be sent: $(printf '%s\n' "$told" | tail -n 1)"
[ -n "$DESTINATION" ] || outside "$REPOSITORY" "$path"
near=$(near_of "$path")

# An attempt that was cut off may have made it.
if say; then
    exit 0
fi

# What of it could not be in the snapshot, but for snapshots of ours.
btrfs subvolume list -o "$path" >"$tmp/below" 2>"$tmp/err" </dev/null || die "$path: $(tail -n 1 "$tmp/err")"
below=$(sed 's/^.* path //' "$tmp/below" | grep -vE '/[0-9]{8}T[0-9]{6}Z-[^/]*$' | tr '\n' ' ')
[ -z "$below" ] || [ "$NESTED" = yes ] ||
    die "$path has subvolumes of its own, which no snapshot of it holds: ${below% }. Give them backups of their own, and set leave_nested = true"

{ mkdir -p "$near" && chmod 700 "$near"; } || die "$near cannot be made"
# finish notes the copy at the other end, once that is seen to be whole, and
# leaves here what the next one is made from.
finish() {
    ask note ID "$id" UUID "$uuid" BYTES "$bytes" FILES "$files" FROM "$path"
    for s in "$near"/*; do
        if ours "${s##*/}" && [ "${s##*/}" != "$id" ]; then
            btrfs subvolume delete "$s" >/dev/null 2>"$tmp/err" </dev/null || echo "$s is left: $(tail -n 1 "$tmp/err")" >&2
        fi
    done
    say || die "it was sent, and $who does not list it"
}

# weigh sets what is known of the snapshot $id.
weigh() {
    facts "$near/$id" || die "$near/$id: $told"
    # What was sent is known by this at the other end. A subvolume that was
    # itself received and then made writable hands its own on to all of its snapshots.
    [ "$received" = - ] || die "$path was received and made writable as it is, so that its snapshots cannot be told apart: make it anew from a snapshot of it (btrfs subvolume snapshot)"
    measured=$(measure "$near/$id")
    files=${measured% *} bytes=${measured#* }
}

# What attempts left that were cut off: the one of this run may be whole.
base=
if common >"$tmp/common"; then
    read -r base s <"$tmp/common"
    [ "$s" = "$near/$base" ] || base= # of another path
fi
for s in "$near"/*; do
    id=${s##*/}
    if ! ours "$id" || [ "$id" = "$base" ]; then
        continue
    fi
    if [ "${id#*-}" = "$RUN" ] && facts "$s"; then
        ask whole ID "$id" UUID "$uuid"
        if grep -qx yes "$tmp/answer"; then
            weigh
            finish
            exit 0
        fi
    fi
    btrfs subvolume delete "$s" >/dev/null 2>"$tmp/err" </dev/null || die "$s, which was left, cannot be removed: $(tail -n 1 "$tmp/err")"
done
ask open
cp "$tmp/answer" "$tmp/cut"

# What may still be receiving for an attempt that was cut off must find nothing
# under its name.
while id=$(date -u +%Y%m%dT%H%M%SZ)-$RUN && grep -qxF "gone $id" "$tmp/cut"; do
    sleep 1
done
btrfs subvolume snapshot -r "$path" "$near/$id" >/dev/null 2>"$tmp/err" </dev/null ||
    die "$near cannot hold a snapshot of $path: $(tail -n 1 "$tmp/err"). It must be on the same btrfs: set snapshots"
weigh
[ -z "$base" ] || set -- "$@" -p "$near/$base"
shift
{
    btrfs send -q "$@" "$near/$id" 2>"$tmp/near.err" </dev/null
    echo "$?" >"$tmp/near.code"
} | line "$(tool btrfs receive "$REPOSITORY/$TAG")" >/dev/null 2>"$tmp/far.err"
code=$?
if ! reason=$(stream "$code" "$path was not sent"); then
    # In vain where the line is gone: then the next attempt does it.
    btrfs subvolume delete "$near/$id" >/dev/null 2>&1 </dev/null
    there open || :
    die "$reason"
fi
finish

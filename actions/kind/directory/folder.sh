# A folder that holds archives: $REPOSITORY/$TAG.
# shellcheck shell=sh disable=SC2034,SC2154

there=$REPOSITORY/$TAG

# ready ends it when the folder is not what it must be, with the code $1 or 1.
ready() {
    if ! mounted; then
        echo "nothing is mounted at $MOUNT, where the repository lies" >&2
        exit "${1:-1}"
    fi
    if [ -L "$there" ]; then
        echo "$there is a symbolic link" >&2
        exit "${1:-1}"
    fi
}

# copies prints the copies that are there, the newest first, as marks does.
copies() {
    [ -d "$there" ] || return 0
    (
        cd "$there" || exit 1
        for m in *.sha256; do
            # The archive has the name of the mark up to the sizes.
            id=$(printf '%s\n' "$m" | sed 's/\.[0-9]*b\.[0-9]*f\(\.partial\)\{0,1\}\.sha256$//')
            [ "$id" = "$m" ] || [ -L "$id" ] || [ ! -s "$id" ] || printf '%s\n' "$m"
        done
    ) | marks
}

# check ends it unless the archive $COPY has the sum that its mark says.
check() {
    known
    [ -f "$there/$COPY" ] || die "there is no copy $COPY in $there"
    want=$(cat "$there/$COPY".[0-9]*b.[0-9]*f*.sha256 2>/dev/null | awk 'NR == 1 { print $1 }')
    [ -n "$want" ] || die "the copy $COPY has no sum: it was not made to its end"
    found=$(sum <"$there/$COPY" 2>"$tmp/err")
    [ -n "$found" ] || unread "$there/$COPY cannot be read: $(tail -n 1 "$tmp/err")"
    [ "$found" = "$want" ] || damaged "the copy $COPY is damaged: its sum is not that of its making"
}

# Copies $PATHS to an archive at the remote, under a name that was not there
# before. Says @copy, @bytes and @files, @partial when not all was read.
# Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

say() {
    copies >"$tmp/copies" || die "$(why "$?")"
    # shellcheck disable=SC2046 # words
    set -- $(awk -v run="$RUN" '$6 == run { print; exit }' "$tmp/copies")
    [ "$#" = 6 ] || return 1
    printf '@copy %s\n@bytes %s\n@files %s\n' "$1" "$3" "$4"
    [ "$5" != partial ] || printf '@partial %s\n' "${partial:-not everything could be read}"
}

partial=
if say; then
    exit 0
fi
outside "$STAGE" "$@"
[ ! -L "$STAGE" ] || die "$STAGE is a symbolic link"
mkdir -p "$STAGE" || die "$STAGE cannot be made"
box=$STAGE/$TAG
rm -rf "$box"
mkdir "$box" || exit 1
trap 'rm -rf "$tmp" "$box"' EXIT

choose
id=$(date -u +%Y%m%dT%H%M%SZ)-$RUN.tar$ext
archive "$box/$id" "$@"
once copyto "$box/$id" "$there/$id" || die "$(why "$?")"

# What lies there now is compared with what was sent. Where the store has no sum
# that could be compared, rclone compares nothing but sizes and ends with 0:
# then it is fetched.
behind
if [ "$sort" = crypt ]; then
    once cryptcheck --one-way "$box" "$there" || die "the copy at $there is not what was sent: $(why "$?")"
else
    once check --one-way "$box" "$there" || die "the copy at $there is not what was sent: $(why "$?")"
    if grep -qE 'No common hash|could not be checked' "$tmp/err"; then
        once check --one-way --download "$box" "$there" || die "the copy at $there is not what was sent: $(why "$?")"
    fi
fi
printf '%s  %s\n' "$sum" "$id" >"$tmp/mark"
once copyto "$tmp/mark" "$there/$(mark "$id")" || die "$(why "$?")"
say || die "the copy was sent, and $there does not list it"

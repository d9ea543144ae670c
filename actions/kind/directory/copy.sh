# Copies $PATHS to an archive. Says @copy, @bytes and @files, @partial when not
# all was read. Inputs besides: REPOSITORY, TAG, RUN.
# shellcheck shell=sh disable=SC2154

ready
outside "$REPOSITORY" "$@"
mkdir -p "$there" || die "$there cannot be made"

# say tells of the copy that this run has made, and ends with 1 if there is none.
say() {
    line=$(copies | awk -v run="$RUN" '$6 == run { print; exit }')
    # shellcheck disable=SC2086 # words
    set -- $line
    [ "$#" = 6 ] || return 1
    printf '@copy %s\n@bytes %s\n@files %s\n' "$1" "$3" "$4"
    [ "$5" != partial ] || printf '@partial %s\n' "${partial:-not everything could be read}"
}

partial=
if say; then
    exit 0
fi
# What an attempt of this run that was cut off left.
for old in "$there"/????????T??????Z-"$RUN".tar*; do
    if [ -f "$old" ] && [ ! -L "$old" ]; then
        rm -f "$old"
    fi
done

choose
id=$(date -u +%Y%m%dT%H%M%SZ)-$RUN.tar$ext
part=$there/$id.part
archive "$part" "$@"
mv "$part" "$there/$id" || exit 1
mark=$there/$(mark "$id")
printf '%s  %s\n' "$sum" "$id" >"$mark.part" && flush "$mark.part" && mv "$mark.part" "$mark" || exit 1
flush "$there"
say || die "the copy was written, and $there does not list it"

# Brings a version, and notes ahead what ran before. Inputs besides: VERSION,
# SEEN_NOTE (the note of what ran then, to go back to; else empty).
# shellcheck shell=sh disable=SC2154
answers
known die
named "$VERSION" || die "$VERSION cannot be the name of a version"
notes_at
mkdir -p "$notes" || die "$notes cannot be made"
note=$notes/$RUN.note
if [ ! -e "$note" ]; then
    runs=$(running) || die 'docker does not answer'
    {
        printf 'version %s\n' "$(version)"
        [ -n "$VERSION_ENV" ] || printf 'commit %s\n' "$(in_git rev-parse HEAD)"
        [ -z "$runs" ] || printf '%s\n' "$runs" | sed 's/^/image /'
    } >"$note.part"
    sync
    mv "$note.part" "$note" || exit 1
fi
rm -f "$notes/$RUN.done"
if [ -n "${SEEN_NOTE-}" ]; then
    take_back "$notes/$SEEN_NOTE"
elif [ -n "$VERSION_ENV" ]; then
    want=$(images "$VERSION") || die "docker compose config failed in $DIR"
    # Only what the version changes is touched: the others may have moved on, too.
    changed=$(printf '%s\n=\n%s\n' "$(noted "$note")" "$want" | awk '$1 == "=" { second = 1; next } !second { was[$1] = $2; next } was[$1] != $2 { print }')
    printf '%s\n' "$changed" | while read -r _ ref; do
        [ -z "$ref" ] || is_here "$ref" >/dev/null || docker pull -q "$ref" >/dev/null </dev/null || die "$ref cannot be pulled"
    done || exit 1
    set_version "$VERSION"
    [ -z "$changed" ] || up --no-build "$(printf '%s\n' "$changed" | awk '{ print $1 }' | tr '\n' ' ')"
else
    set_version "$VERSION"
    up --build ''
fi
: >"$notes/$RUN.done"
# Of what ran long ago nobody wants to know.
# shellcheck disable=SC2012 # names of runs, as we give them
ls -t "$notes"/*.note | sed 1,10d | while read -r old; do
    rm -f "$old" "${old%.note}.done"
done

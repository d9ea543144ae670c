# Goes to a generation, and notes ahead which one was set. Inputs besides:
# VERSION (its number), SEEN_SYSTEM (what it was when the plan was made).
# shellcheck shell=sh disable=SC2154
[ "$(system_of "$VERSION")" = "${SEEN_SYSTEM-}" ] || die "generation $VERSION is not what it was when the plan was made"
mkdir -p "$notes" || die "$notes cannot be made"
if [ ! -e "$notes/$RUN.note" ]; then
    set_to >"$notes/$RUN.part"
    sync
    mv "$notes/$RUN.part" "$notes/$RUN.note" || exit 1
fi
rm -f "$notes/$RUN.done"
bring "$VERSION"
: >"$notes/$RUN.done"

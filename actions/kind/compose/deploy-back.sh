# Brings back what ran before this run. Where it noted nothing it did nothing.
# shellcheck shell=sh disable=SC2154
docker_answers
notes_at
[ -e "$notes/$RUN.note" ] || exit 0
known die
take_back "$notes/$RUN.note"
rm -f "$notes/$RUN.done" "$notes/$RUN.note"

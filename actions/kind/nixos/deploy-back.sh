# Goes back to the generation that was set before this run. Where it noted
# nothing it did nothing.
# shellcheck shell=sh disable=SC2154
[ -e "$notes/$RUN.note" ] || exit 0
bring "$(cat "$notes/$RUN.note")"
rm -f "$notes/$RUN.done" "$notes/$RUN.note"

# Asks the live server, and counts the collections of the copy in $FROM where there
# is one: none may be missing. How many documents came back was held against the
# copy when it was put in place; since then others may have written.
# shellcheck shell=sh disable=SC2154
work
credentials
server
if [ ! -f "${FROM-/none}/whole" ]; then
    printf '@level answered\n@proof it answers, with %s databases\n' "$(printf '%s' "$said" | sed -n 's/.*"databases":\([0-9]*\).*/\1/p')"
    exit 0
fi
whole "$FROM"
names "$FROM"
counted ''
printf '@level data-checked\n@proof %s collections with %s documents, each brought back with as many as the copy has; the copy has the checksum that it was made with\n' "$collections" "$total"

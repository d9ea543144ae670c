# Reads the copy in $FROM back to its end, without a server.
# shellcheck shell=sh disable=SC2154
work
whole "$FROM"
printf '@level extracted\n@proof the archive reads back whole, with the checksum that it was made with: %s documents in %s collections when it was made\n' \
    "$(documents "$FROM")" "$(wc -l <"$FROM/collections" | tr -d ' ')"

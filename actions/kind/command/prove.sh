# Asks the user's line of shell whether all is well, and says so.
# Inputs: LINE, LEVEL.
# shellcheck shell=sh disable=SC2154
line prove "$LINE"
printf '@level %s\n@proof %s\n' "$LEVEL" "${last:-prove ended with 0}"

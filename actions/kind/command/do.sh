# Runs one line of shell of the user's. Inputs: WHAT (its name), LINE.
# shellcheck shell=sh disable=SC2154
line "$WHAT" "$LINE"

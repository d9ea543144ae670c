# Ahead of files/survey.sh: what is not installed cannot take a copy.
# shellcheck shell=sh disable=SC2154
have || printf '@missing %s\n' "$name"

# Makes the repository where there is none.
# shellcheck shell=sh disable=SC2154

ready
make_it

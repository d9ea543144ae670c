# Exit 0 when the generation runs and is booted next, 1 when it does not.
# shellcheck shell=sh disable=SC2154
there "$VERSION"

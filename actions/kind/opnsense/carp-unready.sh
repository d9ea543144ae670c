# Undoes carp-ready.sh.
# shellcheck shell=sh disable=SC2154
[ "${SAID_WAS-}" = maintenance ] || exit 0
maintenance || set_maintenance enter

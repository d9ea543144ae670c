# Starts the unit.
# shellcheck shell=sh
known
unit_start

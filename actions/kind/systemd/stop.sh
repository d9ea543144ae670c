# Stops the unit.
# shellcheck shell=sh
known
unit_stop

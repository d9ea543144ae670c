# Is answered, and no more: what runs a line of shell can be asked to run another.
# shellcheck shell=sh
:

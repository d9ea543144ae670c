# Removes what try.sh may have left.
# shellcheck shell=sh disable=SC2154
unscratch || die "the server of the drill in $drill does not end"

# Sees that this firewall is the active one as it was: its maintenance is ended.
# shellcheck shell=sh disable=SC2154
! maintenance || set_maintenance leave
within "$WAIT" is_active || die "after $WAIT s it is active for $active of $all CARP addresses"

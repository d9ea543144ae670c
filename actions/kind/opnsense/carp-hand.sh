# Hands the CARP addresses over: in maintenance this firewall is demoted, and the
# other takes over. Both see to it by what they hear of one another.
# shellcheck shell=sh disable=SC2154
begun=$(date +%s)
if ! maintenance; then
    # The other may have taken over by itself, now that it may.
    within "$((WAIT < 5 ? WAIT : 5))" is_idle || set_maintenance enter
fi
within "$WAIT" is_idle || die "after $WAIT s it is still active for $active of $all CARP addresses: the other does not take over"
printf '@downtime less than %s s\n' "$(($(date +%s) - begun + 1))"

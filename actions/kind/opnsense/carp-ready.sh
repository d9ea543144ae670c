# Ends the CARP maintenance of this firewall, so that it may take over; where it
# is the preferred one it does so at once. Says @was: what was.
# shellcheck shell=sh disable=SC2154
if maintenance; then
    set_maintenance leave
    echo '@was maintenance'
else
    echo '@was open'
fi

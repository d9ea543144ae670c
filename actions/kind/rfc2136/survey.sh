# Whether the record can be changed now: an update is sent that takes away an
# address which, by its own condition, is not there. It needs all that a change
# needs, and changes nothing.
# shellcheck shell=sh disable=SC2154
authority "$server" "$port" || die "$why"
one_of_ours
case $TYPE in
A) other=192.0.2.1 ;; # of the documentation's networks, RFC 5737 and 3849
*) other=2001:db8::1 ;;
esac
[ "$now" != "$other" ] || other=${other%1}2
update "$now" <<EOF || die "$why"
update delete $RECORD. $TYPE $other
EOF
survey_said

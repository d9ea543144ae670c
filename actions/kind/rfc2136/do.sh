# Has the record lead to the new host, if it leads to what the plan saw.
# shellcheck shell=sh disable=SC2154
wanted
authority "$server" "$port" || die "$why"
[ "$now" != "$want" ] || exit 0
unchanged
update "$SEEN_WAS" <<EOF && exit 0
update delete $RECORD. $TYPE
update add $RECORD. ${TTL:-$ttl} $TYPE $want
EOF
[ "$failed" = NXRRSET ] || die "$why"
# Somebody was faster: it may have been this very change.
first=$why
authority "$server" "$port" || die "$why"
[ "$now" = "$want" ] || die "$first: plan again"

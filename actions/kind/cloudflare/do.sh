# Has the record lead to the new host, if it leads to what the plan saw: the API
# has no condition of its own, so it is asked right before.
# shellcheck shell=sh disable=SC2154
wanted
hex "${SEEN_ZONE-}"
hex "${SEEN_ID-}"
call "$API/zones/$SEEN_ZONE/dns_records/$SEEN_ID"
is="$(at "$doc" .result.name) $(at "$doc" .result.type)"
[ "$is" = "$RECORD $TYPE" ] || die "the record that the plan saw is now $is: plan again"
now=$(at "$doc" .result.content)
[ "$now" != "$want" ] || exit 0
unchanged
call -X PATCH --data "{\"content\":\"$want\"${TTL:+,\"ttl\":$TTL}}" "$API/zones/$SEEN_ZONE/dns_records/$SEEN_ID"
now=$(at "$doc" .result.content)
[ "$now" = "$want" ] || die "Cloudflare says that it was done, and that $RECORD leads to ${now:-nothing}"

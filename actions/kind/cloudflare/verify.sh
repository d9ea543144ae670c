# Exit 0 when the record leads to the new host and to no other: by the word of
# the API, and at the name servers of the zone. Of one behind the proxy these
# have the proxy's addresses.
# shellcheck shell=sh disable=SC2154
wanted
find_record
[ "$content" = "$want" ] || die "$RECORD leads to $content and not to $want"
[ "$proxied" = false ] || exit 0
name_servers "$ZONE"
seen_everywhere "$servers"

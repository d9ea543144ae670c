# Whether the record can be changed now.
# shellcheck shell=sh disable=SC2154
find_record
now=$content
one_of_ours
if [ "$proxied" = true ]; then
    printf '@was %s\n@id %s\n@zone %s\n@floor 0\n' "$content" "$id" "$zone"
    printf '@seen %s leads to %s behind the proxy of Cloudflare, whose addresses stay as they are\n' "$RECORD" "$content"
    exit 0
fi
name_servers "$ZONE"
agreed
[ "$now" = "$content" ] || die "the name servers of $ZONE have $now for $RECORD, and Cloudflare says $content: is it a zone of another account?"
printf '@id %s\n@zone %s\n' "$id" "$zone"
survey_said

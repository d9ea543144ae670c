# Where the host is cut off: exit 0 when all rules that do so are in place.
# shellcheck shell=sh disable=SC2154
said=$(nft list table "$FAMILY" "$TABLE" 2>/dev/null) || die "$ADDRESS is not cut off here: there are no rules for it"
[ "$(printf '%s\n' "$said" | grep -c 'drop$')" = 4 ] || die "not all rules that cut $ADDRESS off are in place"

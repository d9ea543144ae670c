# Drops what comes from the host and goes to it, ahead of every other rule.
# Nothing is rejected: a host that is told would tell those who write.
# shellcheck shell=sh disable=SC2154
nft -f - <<NFT || die 'the rules cannot be set'
table $FAMILY $TABLE
delete table $FAMILY $TABLE
table $FAMILY $TABLE {
    chain input { type filter hook input priority -300; $proto saddr $ADDRESS counter drop; }
    chain forward { type filter hook forward priority -300; $proto saddr $ADDRESS counter drop; $proto daddr $ADDRESS counter drop; }
    chain output { type filter hook output priority -300; $proto daddr $ADDRESS counter drop; }
}
NFT
nft list table "$FAMILY" "$TABLE" | grep -c 'drop$' | grep -qx 4 || die 'the rules are not all there'

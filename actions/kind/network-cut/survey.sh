# Whether the host could be cut off here.
# shellcheck shell=sh disable=SC2154
nft list tables >/dev/null 2>&1 || die "the rules cannot be seen: $(nft list tables 2>&1 | head -n 1)"

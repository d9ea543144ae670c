# Lets the host in again.
# shellcheck shell=sh disable=SC2154
if nft list table "$FAMILY" "$TABLE" >/dev/null 2>&1; then
    nft delete table "$FAMILY" "$TABLE" || die 'the rules cannot be removed'
fi

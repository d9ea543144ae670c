# What is common to cutting a host off. Inputs: TABLE, ADDRESS, FAMILY (inet or
# bridge).
# shellcheck shell=sh disable=SC2034,SC2154
command -v nft >/dev/null || die 'nft is not there (apt install nftables)'
case $ADDRESS in
*:*) proto=ip6 ;;
*[!0-9.]* | '') die "$ADDRESS is no address: set address" ;;
*) proto=ip ;;
esac

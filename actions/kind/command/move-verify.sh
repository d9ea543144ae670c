# Proves by the user's line of shell that it works here, and that its shares
# take what is written to them. Inputs: PROVE, SHARES.
# shellcheck shell=sh disable=SC2154
line prove "$PROVE"
each_share share_write

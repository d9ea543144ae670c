# Proves that the project runs here and that its shares take what is written to
# them. prove.sh is behind this.
# shellcheck shell=sh disable=SC2154
each_share share_write || exit 1

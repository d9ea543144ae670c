# Proves that the guest runs on this node, and answers where it can be asked. Says
# @level and @proof.
# shellcheck shell=sh disable=SC2154

here "$GUEST"
lives "$GUEST"

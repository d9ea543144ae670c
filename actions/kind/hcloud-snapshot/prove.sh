# Proves that the server runs, as far as the cloud can say. Says @level and @proof.
# shellcheck shell=sh disable=SC2154

lives "$SERVER"

# Exit 0 when the record leads to the new host and to no other at the server and
# at all of its authorities.
# shellcheck shell=sh disable=SC2154
wanted
seen_everywhere "$SERVER
$AUTHORITIES"

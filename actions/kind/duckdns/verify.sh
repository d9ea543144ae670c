# Exit 0 when the record leads to the new host and to no other at the name
# servers.
# shellcheck shell=sh disable=SC2154
wanted
name_servers duckdns.org
seen_everywhere "$servers"

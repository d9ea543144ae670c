# Has the record lead to the new host, if it leads to what the plan saw.
# shellcheck shell=sh disable=SC2154
wanted
name_servers duckdns.org
agreed
[ "$now" = "$want" ] || unchanged
told "$want"

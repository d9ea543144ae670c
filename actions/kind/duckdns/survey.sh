# Whether the record can be changed now. DuckDNS tells nothing of a token but by
# an update: what all of its name servers have is said to it once more.
# shellcheck shell=sh disable=SC2154
name_servers duckdns.org
agreed
one_of_ours
told "$now"
[ "$change" = NOCHANGE ] || die "DuckDNS had something else for $RECORD than its name servers, $now: is another updater at work?"
survey_said

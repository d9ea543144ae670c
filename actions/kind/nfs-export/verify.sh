# Exit 0 when nothing is exported to the host and it has no session.
# shellcheck shell=sh disable=SC2154
see
[ -z "$(mine)" ] || die "it is still exported to $CLIENT: $(mine | tr '\t\n' '  ')"
list=$(sessions) || exit 1
[ -z "$list" ] || die "$CLIENT still has a session: $(printf '%s' "$list" | tr '\n' ' ')"
marked || die "the exports were not withdrawn by this fence"

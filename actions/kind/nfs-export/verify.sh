# Exit 0 when nothing is exported to the host and it has no session.
# shellcheck shell=sh disable=SC2154
[ -z "$(mine)" ] || die "it is still exported to $CLIENT: $(mine | tr '\t\n' '  ')"
exported >/dev/null || die 'what is exported cannot be seen'
[ -z "$(sessions)" ] || die "$CLIENT still has a session: $(sessions | tr '\n' ' ')"
marked || die "the exports were not withdrawn by this fence"

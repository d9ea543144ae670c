# Removes what try.sh may have left. Inputs: SCRATCH, ASIDE.
# shellcheck shell=sh disable=SC2154
scratch
[ -d "$drill" ] || exit 0
programs '' || true
locate || true
unscratch || die "the drill's server in $drill does not stop"

# Removes what try.sh may have left. Inputs: ASIDE, SCRATCH.
# shellcheck shell=sh disable=SC2154
case $ASIDE in .jurymast-?*) ;; *) die 'no run is named' ;; esac
end_beside "$SCRATCH/redis$ASIDE" || die "the drill's server in $SCRATCH/redis$ASIDE does not end"

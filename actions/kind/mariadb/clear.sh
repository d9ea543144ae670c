# Removes what try.sh may have left. Inputs: ASIDE, SCRATCH.
# shellcheck shell=sh disable=SC2154
case $ASIDE in .jurymast-?*) ;; *) die 'no run is named' ;; esac
drill=$SCRATCH/mariadb$ASIDE
end_beside "$drill" || die "the drill's server in $drill does not end"
rm -rf "$drill"

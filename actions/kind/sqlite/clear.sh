# Removes what try.sh may have left. Inputs: ASIDE, SCRATCH.
# shellcheck shell=sh disable=SC2154
case $ASIDE in .jurymast-?*) ;; *) die 'no run is named' ;; esac
rm -rf "$SCRATCH/sqlite$ASIDE"

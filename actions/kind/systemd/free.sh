# Starts the unit again, where it ran before it was held. Input besides: RUN.
# shellcheck shell=sh disable=SC2154
keep_at "$UNIT-$RUN"
[ -e "$held" ] || exit 0 # never held, or free already
if [ "$(cat "$held")" = ran ]; then
    known
    unit_start
fi
rm -f "$held"

# Removes the copies of $TAG that no rule keeps, what was cut off while it was
# made, and the data that nothing else needs. Inputs: KEEP_LAST, KEEP_HOURLY,
# KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY, KEEP_YEARLY. Says @removed.
#
# borg prune knows no partial copies: one would take the place of a whole one.
# shellcheck shell=sh disable=SC2154

ready
copies >"$tmp/copies" || die "$(why "$?")"
awk '{ print $1, $2, $5 }' "$tmp/copies" | retain >"$tmp/remove" || exit 1
awk '$1 !~ /\.[0-9]+b\.[0-9]+f(\.partial)?$/ { print $1 }' "$tmp/all" >"$tmp/parts"
cat "$tmp/remove" "$tmp/parts" >"$tmp/gone"
if [ ! -s "$tmp/gone" ]; then
    echo '@removed 0'
    exit 0
fi
# shellcheck disable=SC2046 # names, one a line
set -- $(cat "$tmp/gone")
first=$1
shift
# What is being made holds the repository for itself: what was cut off is over.
ask delete "::$first" "$@" || die "$(why "$?")"
ask compact || die "the copies are removed, and the room that they took is not free: $(why "$?")"
copies >"$tmp/copies" || die "$(why "$?")"
left=$(awk 'NR == FNR { gone[$1] = 1; next } $1 in gone' "$tmp/remove" "$tmp/copies" | awk 'END { print NR }')
[ "$left" = 0 ] || die "borg ended with 0 and removed all but $left of the copies that it was told to"
printf '@removed %s\n' "$(awk 'END { print NR }' "$tmp/remove")"

# Removes the copies of $TAG that no rule keeps, and the data that nothing else
# needs. Inputs: KEEP_LAST, KEEP_HOURLY, KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY,
# KEEP_YEARLY. Says @removed.
# shellcheck shell=sh disable=SC2154

ready
copies >"$tmp/copies" || die "$(why "$?")"
awk '{ print $1, $2, $5 }' "$tmp/copies" | retain >"$tmp/remove" || exit 1
if [ ! -s "$tmp/remove" ]; then
    echo '@removed 0'
    exit 0
fi
# shellcheck disable=SC2046 # ids, one a line
ask forget --prune --quiet $(cat "$tmp/remove") >"$tmp/out"
code=$?
# An append-only server refuses to remove, and restic up to 0.18 ends with 0
# all the same.
if grep -qE 'response \(403\)|403 Forbidden|Access ?Denied' "$tmp/err"; then
    die "the repository $REPOSITORY lets nothing be removed: it is append-only (set append_only = true)"
fi
[ "$code" = 0 ] || die "$(why "$code")"
copies >"$tmp/copies" || die "$(why "$?")"
left=$(awk 'NR == FNR { gone[$1] = 1; next } $1 in gone' "$tmp/remove" "$tmp/copies" | awk 'END { print NR }')
[ "$left" = 0 ] || die "restic ended with 0 and removed all but $left of the copies that it was told to"
printf '@removed %s\n' "$(awk 'END { print NR }' "$tmp/remove")"

# Removes the copies of $TAG that no rule keeps: those that jurymast made, and
# that nobody protects. Copies of others stay. Says @removed. Inputs: KEEP_LAST,
# KEEP_HOURLY, KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY, KEEP_YEARLY.
# shellcheck shell=sh disable=SC2154

steady
copies >"$tmp/copies" || die "the copies in $STORAGE cannot be listed: $(why 'nothing was said')"
awk -v tag="$TAG" '$6 == tag { print $1, $2, $4 }' "$tmp/copies" | retain >"$tmp/remove" || exit 1
awk 'NR == FNR { kept[$1] = $7 != "0"; next } !kept[$1]' "$tmp/copies" "$tmp/remove" >"$tmp/gone"
n=0
while read -r COPY; do
    timeout 600 pvesm free "$COPY" >/dev/null 2>"$tmp/err" </dev/null || die "$COPY could not be removed: $(why 'nothing was said')"
    n=$((n + 1))
done <"$tmp/gone"
copies >"$tmp/left" || die "the copies in $STORAGE cannot be listed any more: $(why 'nothing was said')"
still=$(awk 'NR == FNR { gone[$1] = 1; next } $1 in gone { print $1; exit }' "$tmp/gone" "$tmp/left")
[ -z "$still" ] || die "$still was removed, and $STORAGE still lists it"
printf '@removed %s\n' "$n"

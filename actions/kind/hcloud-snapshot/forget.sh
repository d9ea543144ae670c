# Removes the copies of $TAG that no rule keeps: those that jurymast had made, and
# that nobody protects. Copies of others stay. Says @removed. Inputs: KEEP_LAST,
# KEEP_HOURLY, KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY, KEEP_YEARLY.
# shellcheck shell=sh disable=SC2154

images
awk -v tag="$TAG" '$6 == tag && $4 == "available" { print $1, $2, "complete" }' "$tmp/images" | retain >"$tmp/remove" || exit 1
awk 'NR == FNR { kept[$1] = $7; next } !kept[$1]' "$tmp/images" "$tmp/remove" >"$tmp/gone"
n=0
while read -r COPY; do
    act image delete "$COPY"
    n=$((n + 1))
done <"$tmp/gone"
images
still=$(awk 'NR == FNR { gone[$1] = 1; next } $1 in gone { print $1; exit }' "$tmp/gone" "$tmp/images")
[ -z "$still" ] || die "image $still was removed, and the cloud still lists it"
printf '@removed %s\n' "$n"

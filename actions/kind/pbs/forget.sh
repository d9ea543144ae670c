# Removes the copies of $TAG that no rule keeps, but for those that the server
# protects. Inputs: KEEP_LAST, KEEP_HOURLY, KEEP_DAILY, KEEP_WEEKLY,
# KEEP_MONTHLY, KEEP_YEARLY. Says @removed. The room comes back with the
# server's own garbage collection.
# shellcheck shell=sh disable=SC2154

copies >"$tmp/copies" || die "$(why "$?")"
awk '{ print $1, $2, $5 }' "$tmp/copies" | retain >"$tmp/remove" || exit 1
awk 'NR == FNR { kept[$1] = $7 == "true"; next } !kept[$1]' "$tmp/copies" "$tmp/remove" >"$tmp/gone"
n=0
while read -r COPY; do
    known
    once snapshot forget "$COPY" >/dev/null || die "$COPY could not be removed: $(why "$?")"
    n=$((n + 1))
done <"$tmp/gone"
printf '@removed %s\n' "$n"

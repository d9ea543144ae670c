# Removes the copies of $TAG that no rule keeps, and says @removed. Only files
# that have a mark of ours are ever removed, and what runs that were cut off
# left a day ago or longer. Inputs: KEEP_LAST, KEEP_HOURLY, KEEP_DAILY,
# KEEP_WEEKLY, KEEP_MONTHLY, KEEP_YEARLY.
# shellcheck shell=sh disable=SC2154

ready
copies >"$tmp/copies" || exit 1
awk '{ print $1, $2, $5 }' "$tmp/copies" | retain >"$tmp/remove" || exit 1
n=0
while read -r COPY; do
    known
    # The mark first: what is left when this is cut off is no copy.
    rm -f "$there/$COPY".[0-9]*b.[0-9]*f*.sha256 && rm -f "$there/$COPY" || exit 1
    n=$((n + 1))
done <"$tmp/remove"
if [ -d "$there" ]; then
    find "$there" -type f -name '[0-9]*T[0-9]*Z-*.tar*.part' -mtime +0 -exec rm -f {} +
fi
printf '@removed %s\n' "$n"

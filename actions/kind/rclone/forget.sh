# Removes the copies of $TAG that no rule keeps, and says @removed. Inputs:
# KEEP_LAST, KEEP_HOURLY, KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY, KEEP_YEARLY.
# shellcheck shell=sh disable=SC2154

copies >"$tmp/copies" || die "$(why "$?")"
awk '{ print $1, $2, $5 }' "$tmp/copies" | retain >"$tmp/remove" || exit 1
n=0
while read -r COPY; do
    known
    # The mark first: what is left when this is cut off is no copy.
    awk -v id="$COPY" 'index($1, id ".") == 1 { print $1 }' "$tmp/names" >"$tmp/of"
    while read -r name; do
        once deletefile "$there/$name" || die "$(why "$?")"
    done <"$tmp/of"
    once deletefile "$there/$COPY" || die "$(why "$?")"
    n=$((n + 1))
done <"$tmp/remove"
printf '@removed %s\n' "$n"

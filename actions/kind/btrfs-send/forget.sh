# Removes the copies of $TAG that no rule keeps, but never the newest of which
# both sides have the snapshot, by common: without it all would have to be sent again.
# Inputs: KEEP_LAST, KEEP_HOURLY, KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY,
# KEEP_YEARLY. Says @removed.
# shellcheck shell=sh disable=SC2154

copies >"$tmp/copies" || die "$(why "$?")"
awk '{ print $1, $2, $5 }' "$tmp/copies" | retain >"$tmp/remove" || exit 1
base=
if common >"$tmp/common"; then
    read -r base _ <"$tmp/common"
fi
ids=$(grep -vxF "$base" "$tmp/remove" | tr '\n' ' ')
if [ -z "$ids" ]; then
    echo '@removed 0'
    exit 0
fi
ask remove IDS "$ids"
printf '@removed %s\n' "$(grep -c '^gone ' "$tmp/answer")"

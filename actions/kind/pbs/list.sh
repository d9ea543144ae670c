# Says the copies of $TAG, the newest first: @copy-N ID UNIX-TIME BYTES FILES
# and, behind those, complete or partial and the run that made it.
# shellcheck shell=sh disable=SC2154

copies >"$tmp/copies" || die "$(why "$?")"
awk '{ printf "@copy-%d %s %s %s %s %s %s\n", NR, $1, $2, $3, $4, $5, $6 }' "$tmp/copies"

# Says the copies of $TAG, the newest first: @copy-N ID UNIX-TIME BYTES FILES
# and, behind those, complete and the run that made it.
# shellcheck shell=sh disable=SC2154

copies >"$tmp/copies" || die "$(why "$?")"
awk '{ printf "@copy-%d %s\n", NR, $0 }' "$tmp/copies"

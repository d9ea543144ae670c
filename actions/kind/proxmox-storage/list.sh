# Says the copies of the guest, the newest first: @copy-N ID UNIX-TIME BYTES
# FILES and, behind those, complete or partial and the run that made it. How many
# files a disk holds is not known: 0.
# shellcheck shell=sh disable=SC2154

copies >"$tmp/copies" || die "the copies in $STORAGE cannot be listed: $(why 'nothing was said')"
awk '{ printf "@copy-%d %s %s %s 0 %s %s\n", NR, $1, $2, $3, $4, $5 }' "$tmp/copies"

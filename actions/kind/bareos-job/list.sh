# Says the copies, the newest first: @copy-N ID UNIX-TIME BYTES FILES and, behind
# those, complete or partial and the run that made it.
# shellcheck shell=sh disable=SC2154

copies || die "the copies of job $JOB cannot be listed: $(why)"
awk '{ printf "@copy-%d %s\n", NR, $0 }' "$tmp/copies"

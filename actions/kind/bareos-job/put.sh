# Brings $COPY back to its own client, to where it was: what is there under the
# same names is replaced, and what is there besides stays. A copy of it as it is
# now, $SAID_COPY, must be in the catalogue. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2034,SC2154

known
awk -v id="${SAID_COPY-}" -v run="$RUN" '$1 == id && $6 == run && $5 == "complete" { found = 1 } END { exit !found }' "$tmp/copies" ||
    die "no whole copy of what is there now was made by this run"
again=yes
bring '' / always
printf '@files %s\n' "$files"

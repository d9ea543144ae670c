# Says the copies of $TAG, the newest first: @copy-N ID UNIX-TIME BYTES FILES
# and, behind those, the run that made it and whether it is complete or partial.
# shellcheck shell=sh disable=SC2154

ready
copies | listed

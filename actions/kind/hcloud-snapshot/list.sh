# Says the whole copies of the server, the newest first: @copy-N ID UNIX-TIME BYTES
# FILES and, behind those, complete and the run that made it. How many files a disk
# holds is not known: 0. The cloud tells sizes in hundredths of a gigabyte.
# shellcheck shell=sh disable=SC2154

images
awk '$4 == "available" { printf "@copy-%d %s %s %s 0 complete %s\n", ++n, $1, $2, $3, $5 }' "$tmp/images"

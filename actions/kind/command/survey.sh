# Says where a dump can lie and how much room is there. Input: SCRATCH.
# shellcheck shell=sh disable=SC2154
at=$SCRATCH
while [ ! -d "$at" ]; do
    at=$(dirname "$at")
done
printf '@scratch %s\n' "$SCRATCH"
df -Pk "$at" 2>/dev/null | awk 'NR == 2 { printf "@free %.0f\n", $4 * 1024 }'

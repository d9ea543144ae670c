# Undoes move-stop.sh.
# shellcheck shell=sh disable=SC2154
docker_answers
each_share share_mount || exit 1
project_up
rm -f "$held"

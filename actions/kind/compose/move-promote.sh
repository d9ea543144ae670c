# Makes this host the one that runs the project: its shares are mounted, and to
# be written, before it starts.
# shellcheck shell=sh disable=SC2154
docker_answers
each_share share_mount || exit 1
project_up
rm -f "$held"

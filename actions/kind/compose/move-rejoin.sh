# Makes this host a standby: nothing of the project runs here or starts by
# itself, and its shares are unmounted.
# shellcheck shell=sh disable=SC2154
docker_answers
project_down
each_share share_unmount || exit 1
rm -f "$held"

# Takes the project down on this host for good: its containers are stopped,
# docker does not start them by itself, and its shares are unmounted.
# shellcheck shell=sh disable=SC2154
docker_answers
project_down
sync
each_share share_unmount

# Exit 0 when the version runs, 1 when it does not.
# shellcheck shell=sh disable=SC2154
docker_answers
known die
there "$VERSION"

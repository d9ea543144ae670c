# Ahead of a survey: docker must answer, for it knows where the data lies.
# shellcheck shell=sh
if ! command -v docker >/dev/null; then
    echo '@missing docker'
    exit 0
fi
why=$(docker info 2>&1 >/dev/null </dev/null) || trouble "docker does not answer: $why"

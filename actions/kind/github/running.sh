# Says which images the containers of a compose project run, behind
# docker/engine.sh. Inputs: PROJECT, SERVICE (empty for each).
# shellcheck shell=sh disable=SC2154

echo '== running'
# shellcheck disable=SC2086 # it may be sudo -n docker
ids=$($docker ps -q --no-trunc --filter "label=com.docker.compose.project=$PROJECT" ${SERVICE:+--filter "label=com.docker.compose.service=$SERVICE"} </dev/null) || exit 1
# A container that is gone by now is an error of inspect's, and none of ours.
# shellcheck disable=SC2086 # ids, one a word
[ -z "$ids" ] || $docker inspect --type container --format '{"service":{{json (index .Config.Labels "com.docker.compose.service")}},"image":{{json .Config.Image}},"version":{{json (index .Config.Labels "org.opencontainers.image.version")}},"revision":{{json (index .Config.Labels "org.opencontainers.image.revision")}}}' $ids </dev/null 2>/dev/null

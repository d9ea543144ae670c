# Says what part this host plays for the project: active, standby, or stopped,
# which is what it is until it has been made a standby again, or while docker
# would start it by itself.
# shellcheck shell=sh disable=SC2154
docker_answers
keep_at "moved-compose-$PROJECT"
each_share share_could || exit 1
running=$(containers) || die "docker does not answer"
if [ -n "$running" ]; then
    echo '@role active'
elif [ -e "$held" ] || policies | grep -qE ' (always|unless-stopped):'; then
    echo '@role stopped'
else
    [ -n "$all" ] || [ -f "$DIR/compose.yaml" ] || [ -f "$DIR/compose.yml" ] || [ -f "$DIR/docker-compose.yml" ] || [ -f "$DIR/docker-compose.yaml" ] ||
        trouble "the project $PROJECT has no containers here, and no compose file in ${DIR:-a folder that dir names}"
    echo '@role standby'
fi
if [ "${STATELESS-}" = yes ]; then
    kept=$(found)
    [ -z "$kept" ] || trouble "it is said to be stateless, and its containers write to $(printf '%s' "$kept" | tr '\n' ' ')"
fi
echo '@writable yes'

# Keeps the project still while its data is copied, and notes which containers
# ran. Inputs besides: RUN, QUIESCE (pause or stop).
# shellcheck shell=sh disable=SC2154
answers
keep_at "compose-$PROJECT-$RUN"
if [ ! -e "$held" ]; then
    containers --filter status=running >"$held.part" || die "docker does not answer"
    sync
    mv "$held.part" "$held" || exit 1
fi
while read -r id; do
    case $QUIESCE:$(docker inspect --type container --format '{{.State.Status}}' "$id" </dev/null) in
    pause:running) docker pause "$id" >/dev/null </dev/null || die "container $id cannot be paused" ;;
    stop:running | stop:paused) docker stop "$id" >/dev/null </dev/null || die "container $id cannot be stopped" ;;
    esac
done <"$held"
sync

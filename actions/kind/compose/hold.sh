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
    if ! state=$(docker inspect --type container --format '{{.State.Status}}' "$id" 2>&1 </dev/null); then
        case $state in
        *'No such'*) continue ;; # removed meanwhile
        esac
        die "whether container $id runs is not known: ${state:-docker says nothing}"
    fi
    case $QUIESCE:$state in
    pause:running) docker pause "$id" >/dev/null </dev/null || die "container $id cannot be paused" ;;
    pause:restarting) die "container $id restarts, and cannot be paused: try again" ;;
    stop:running | stop:paused | stop:restarting) docker stop "$id" >/dev/null </dev/null || die "container $id cannot be stopped" ;;
    esac
done <"$held"
sync

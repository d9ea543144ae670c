# Lets the project go again: the containers that ran before it was held.
# Input besides: RUN.
# shellcheck shell=sh disable=SC2154
keep_at "compose-$PROJECT-$RUN"
[ -e "$held" ] || exit 0 # never held, or free already
bad=
while read -r id; do
    case $(docker inspect --type container --format '{{.State.Status}}' "$id" </dev/null) in
    paused) docker unpause "$id" >/dev/null </dev/null || bad="$bad $id" ;;
    exited | created) docker start "$id" >/dev/null </dev/null || bad="$bad $id" ;;
    running | restarting) ;;
    *) bad="$bad $id" ;;
    esac
done <"$held"
[ -z "$bad" ] || die "containers do not run again:$bad"
rm -f "$held"

# Starts the containers that stop.sh has stopped, or all of the project where
# it has not, and sees them running.
# shellcheck shell=sh disable=SC2154
answers
keep_at "compose-$PROJECT-stopped"
[ ! -e "$held" ] || all=$(cat "$held")
[ -n "$all" ] || exit 0
# shellcheck disable=SC2086 # ids, one a word
docker start $all >/dev/null </dev/null || die "docker start failed"
wait_for "$all" 'true false false' || die "the project $PROJECT does not keep running: docker compose -p $PROJECT ps --all"
rm -f "$held"

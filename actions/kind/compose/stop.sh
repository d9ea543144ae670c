# Stops the containers of the project, and notes which ran.
# shellcheck shell=sh disable=SC2154
answers
keep_at "compose-$PROJECT-stopped"
if [ ! -e "$held" ]; then
    containers >"$held.part" || die "docker does not answer"
    mv "$held.part" "$held" || exit 1
fi
# shellcheck disable=SC2046 # ids, one a word
[ ! -s "$held" ] || docker stop $(cat "$held") >/dev/null </dev/null || die "docker stop failed"
left=$(containers) || die "docker does not answer"
[ -z "$left" ] || die "containers still run: $left"

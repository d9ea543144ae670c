# Says whether the cloud can be asked for copies of the server, and whether they
# would hold all of it. Changes nothing.
# shellcheck shell=sh disable=SC2154

printf '@tool hcloud\n@version %s\n' "$(hcloud version 2>/dev/null | grep -o '[0-9][0-9.]*[0-9]' | head -n 1)"
(images) 2>"$tmp/why" || trouble "$(tail -n 1 "$tmp/why")"
# A server that is gone can be brought back.
exists "$SERVER" || exit 0
for volume in $(printf '%s\n' "$doc" | awk -F '\t' '$1 ~ /^\.volumes\.[0-9]+$/ { print $2 }'); do
    printf '%s\n' "$LEAVE" | grep -Fqx -e "$volume" ||
        trouble "volume $volume of server $SERVER is in no image: copy what lies on it by a backup of its own, and name it in leave"
done
exit 0

# Says whether the remote can be used now. Changes nothing.
# shellcheck shell=sh disable=SC2154

for tool in rclone tar mkfifo; do
    command -v "$tool" >/dev/null || { printf '@missing %s\n' "$tool" && exit 0; }
done
printf '@tool rclone\n@version %s\n' "$(rclone version </dev/null 2>/dev/null | awk 'NR == 1 { sub(/^v/, "", $2); print $2 }')"
once listremotes >"$tmp/remotes" || trouble "$(why "$?")"
case $REMOTE in
:* | /*) ;;
*) grep -qxF "${REMOTE%%:*}:" "$tmp/remotes" || trouble "rclone knows no remote ${REMOTE%%:*}: see rclone config on this host, as root" ;;
esac
if [ "$CRYPT" = yes ] && [ "$(sort_of)" != crypt ]; then
    trouble "the remote ${REMOTE%%:*} is said to be encrypted (crypt = true), and is of type $(sort_of)"
fi
once lsf --max-depth 1 --contimeout 20s --timeout 60s --retries 1 --low-level-retries 2 "$REMOTE" >/dev/null
code=$?
[ "$code" = 0 ] || [ "$code" = 3 ] || trouble "$(why "$code")"
# Not every store says how much is free.
free=$(once about --json "$REMOTE" | sed -n 's/.*"free": *\([0-9]*\).*/\1/p')
[ -z "$free" ] || printf '@free %s\n' "$free"
exit 0

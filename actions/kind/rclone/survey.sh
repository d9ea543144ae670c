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
# That it encrypts is claimed; here it is seen.
behind
case $CRYPT/$sort in
yes/crypt) ;;
yes/*) trouble "the remote ${REMOTE%%:*} is said to be encrypted (crypt = true), and is of type ${sort:-that it does not tell}" ;;
*/crypt) trouble "the remote ${REMOTE%%:*} is of type crypt, and the inventory does not say crypt = true" ;;
esac
ask() { once "$@" --contimeout 20s --timeout 60s --retries 1 --low-level-retries 2; }
ask lsf --max-depth 1 "$REMOTE" >"$tmp/here"
code=$?
[ "$code" = 0 ] || [ "$code" = 3 ] || trouble "$(why "$code")"

# To a wrong password an encrypted store is an empty one, and no error.
if [ "$sort" = crypt ] && [ ! -s "$tmp/here" ]; then
    ask lsf -vv --max-depth 1 "$named:" >"$tmp/all"
    code=$?
    [ "$code" = 0 ] || [ "$code" = 3 ] || trouble "$(why "$code")"
    if [ ! -s "$tmp/all" ] && grep -q 'undecryptable' "$tmp/err"; then
        trouble "nothing that lies where the remote $named encrypts to can be read with its password: it is wrong, or that is no place of its own"
    fi
elif [ "$sort" = crypt ]; then
    # Where names are left as they are, only what a file holds tells.
    ask lsf -R --files-only --max-depth 2 --include '*.sha256' "$REMOTE" >"$tmp/marks"
    mark=$(head -n 1 "$tmp/marks")
    at=$REMOTE/$mark
    case $REMOTE in *: | */) at=$REMOTE$mark ;; esac
    if [ -n "$mark" ] && ! ask cat "$at" >/dev/null; then
        trouble "a file that lies at $REMOTE cannot be read with the password of the remote $named: $(why 1)"
    fi
fi
# Not every store says how much is free.
free=$(once about --json "$REMOTE" | sed -n 's/.*"free": *\([0-9]*\).*/\1/p')
[ -z "$free" ] || printf '@free %s\n' "$free"
exit 0

# Ahead of what lets go of data: the host is not to do it any more. Where it has
# begun to, its end is waited for. watched.sh stands in front.
# shellcheck shell=sh disable=SC2154,SC2034
jm_who=''
if jm_watched; then
    set -C
    { echo "run $(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$jm_watch/gone.$jm_token"; } 2>/dev/null
    set +C
    read -r jm_who jm_when 2>/dev/null <"$jm_watch/gone.$jm_token"
    [ "$jm_who" != host ] || jm_settled
elif [ -e "$jm_watch/refused" ]; then
    rm -rf "$jm_watch"
    exit 0
fi

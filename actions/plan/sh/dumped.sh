# Behind what dumped data that is held still: whether it was, to the end.
# watched.sh stands in front.
# shellcheck shell=sh disable=SC2154
if jm_unheld; then
    echo "$jm_why: what was dumped is not consistent" >&2
    exit 1
fi

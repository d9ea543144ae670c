# Ahead of what copies data that is held still: without that it is not begun.
# watched.sh stands in front.
# shellcheck shell=sh disable=SC2154
if jm_unheld; then
    echo "$jm_why: nothing is copied" >&2
    exit 1
fi

# Exit 0 when the project runs here with its shares, 1 when nothing of it runs,
# 2 when that is not known.
# shellcheck shell=sh disable=SC2154
command -v docker >/dev/null || exit 1
running=$(containers) || { echo "docker does not answer" >&2 && exit 2; }
[ -n "$running" ] || exit 1
each_share share_is || { echo "$PROJECT runs without its shares" >&2 && exit 2; }
exit 0

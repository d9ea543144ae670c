# Ahead of files/put.sh: what lies in $FROM is tested as if it were in its place
# already. One that does not pass changes nothing.
# shellcheck shell=sh disable=SC2154
have || die "$name is not installed: nothing was changed"
said=$(tested as_if 2>&1)
case $? in
0 | 120) ;;
*) die "$name does not take the copy, nothing was changed: $(printf '%s\n' "$said" | why)" ;;
esac

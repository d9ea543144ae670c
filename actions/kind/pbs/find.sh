# Says @copy when $RUN has made a copy of $TAG; ends with 1 when not, and with
# 2 when that is not known.
# shellcheck shell=sh disable=SC2154

line=$(found)
code=$?
if [ "$code" != 0 ]; then
    why "$code" >&2
    exit 2
fi
[ -n "$line" ] || exit 1
# shellcheck disable=SC2086 # words
set -- $line
printf '@copy %s\n' "$1"
[ "$5" != partial ] || echo '@partial not everything could be read'

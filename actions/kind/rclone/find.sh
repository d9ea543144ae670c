# Says @copy when $RUN has made a copy of $TAG; ends with 1 when not, and with
# 2 when that is not known.
# shellcheck shell=sh disable=SC2154

copies >"$tmp/copies"
code=$?
if [ "$code" != 0 ]; then
    why "$code" >&2
    exit 2
fi
# shellcheck disable=SC2046 # words
set -- $(awk -v run="$RUN" '$6 == run { print; exit }' "$tmp/copies")
[ "$#" = 6 ] || exit 1
printf '@copy %s\n' "$1"
[ "$5" != partial ] || echo '@partial not everything could be read'

# Says @copy when $RUN has made a copy; ends with 1 when not, also while it is
# being made, and with 2 when that is not known.
# shellcheck shell=sh disable=SC2154

if ! copies; then
    why >&2
    exit 2
fi
line=$(awk -v run="$RUN" '$6 == run { print $1, $5; exit }' "$tmp/copies")
[ -n "$line" ] || exit 1
printf '@copy %s\n' "${line% *}"
[ "${line#* }" = complete ] || echo '@partial the director has noted errors or missing files'

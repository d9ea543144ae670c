# Says @copy when $RUN has made a copy; ends with 1 when not, and with 2 when
# that is not known. One whose task's verdict nobody has seen is none yet.
# shellcheck shell=sh disable=SC2154

if ! copies >"$tmp/copies"; then
    why 'the copies cannot be listed' >&2
    exit 2
fi
line=$(awk -v run="$RUN" '$5 == run && $8 != "begun" { print $1, $8; exit }' "$tmp/copies")
[ -n "$line" ] || exit 1
printf '@copy %s\n' "${line% *}"
[ "${line#* }" = whole ] || echo '@partial its task ended with warnings'

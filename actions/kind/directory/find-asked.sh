# Says @copy when $RUN has made a copy of $TAG; ends with 1 when not, and with
# 2 when that is not known. For repositories whose tool has to be asked.
# shellcheck shell=sh disable=SC2154

mounted || { echo "nothing is mounted at $MOUNT, where the repository lies" >&2; exit 2; }
copies >"$tmp/copies"
code=$?
if [ "$code" != 0 ]; then
    if [ "${INIT-no}" = yes ] && nothing "$code"; then
        exit 1 # it is yet to be made
    fi
    why "$code" >&2
    exit 2
fi
line=$(awk -v run="$RUN" '$6 == run { print; exit }' "$tmp/copies")
[ -n "$line" ] || exit 1
# shellcheck disable=SC2086 # words
set -- $line
printf '@copy %s\n' "$1"
[ "$5" != partial ] || echo '@partial not everything could be read'

# Reads the live data: each folder is there and holds something. Then it asks
# PROVE, a line of shell of the user's, where there is one. Says @level and
# @proof.
# shellcheck shell=sh disable=SC2154

list=$(roots)
set -f
IFS='
'
# shellcheck disable=SC2086 # a path a line
set -- $list
unset IFS
set +f
[ "$#" -gt 0 ] || die "it is not known where the data lies"
for p in "$@"; do
    if [ -d "$p" ]; then
        [ -n "$(find "$p" -type f ! -path '*/.jurymast-*' -print 2>/dev/null | head -n 1)" ] || die "there is no file in $p"
    else
        [ -s "$p" ] || die "$p is not there, or empty"
    fi
done
n=$(find "$@" -type f ! -path '*/.jurymast-*' -exec sh -c 'echo "$#"' sh {} + | awk '{ n += $1 } END { printf "%.0f", n }')
if [ -z "${PROVE-}" ]; then
    printf '@level extracted\n@proof %s files are in place\n' "$n"
    exit 0
fi
said=$(sh -c "$PROVE" 2>&1 </dev/null)
code=$?
said=$(printf '%s' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)
[ "$code" = 0 ] || die "the proof ended with $code: ${said:-it said nothing}"
printf '@level data-checked\n@proof %s files are in place; %s\n' "$n" "${said:-the proof ended with 0}"

# Whether the exports could be withdrawn from the host alone.
# shellcheck shell=sh disable=SC2154
see
sessions >/dev/null || exit 1
paths=$(mine | cut -f 1)
if [ -z "$paths" ] && ! marked; then
    die "nothing is exported to $CLIENT by name"
fi
for p in $paths; do
    wide=$(printf '%s\n' "$table" | awk -F "$tab" -v path="$p" '$1 == path && $2 ~ /[*?\/@]|^<world>$/ { print $2; exit }')
    [ -z "$wide" ] || die "$p is exported to $wide as well, from which one host cannot be taken out"
done

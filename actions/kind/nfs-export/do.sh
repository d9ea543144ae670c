# Withdraws the exports, for good, and only then ends the client's sessions: one
# that is ended first comes back by itself and writes.
# shellcheck shell=sh disable=SC2154
rm -f "$ended" || exit 1
files | while read -r f; do
    grep -qF "$mark" "$f" || awk -v client="$CLIENT" -v address="$ADDRESS" -v only="$EXPORTS" -v mark="$mark" '
        BEGIN { n = split(only, p, "\n"); for (i = 1; i <= n; i++) want[p[i]] }
        /^#/ || NF < 2 { print; next }
        {
            path = $1
            gsub(/"/, "", path)
            left = $1; cut = 0; some = 0
            for (i = 2; i <= NF; i++) {
                who = $i
                sub(/\(.*/, "", who)
                if ((who == client || who == address) && (only == "" || path in want)) cut = 1
                else { left = left " " $i; some = 1 }
            }
            if (!cut) { print; next }
            print mark $0
            print some ? left : "# " $1
        }' "$f" >"$f.jurymast" || exit 1
    if [ -e "$f.jurymast" ]; then
        if cmp -s "$f" "$f.jurymast"; then
            rm -f "$f.jurymast"
        else
            chmod 644 "$f.jurymast" && mv "$f.jurymast" "$f" || exit 1
        fi
    fi
done || die 'the files of exports cannot be changed'
see
mine | while IFS=$tab read -r path who; do
    exportfs -u "$who:$path" || exit 1
done || die "exports to $CLIENT cannot be withdrawn"
see
[ -z "$(mine)" ] || die "it is still exported to $CLIENT: $(mine | tr '\t\n' '  ')"
list=$(sessions) || exit 1
ids=$(for d in $list; do session_id "$d"; done)
if ! mkdir -p "${ended%/*}" || ! printf '%s\n' "$ids" >"$ended.part" || ! mv "$ended.part" "$ended"; then
    die "it cannot be noted in $ended which sessions are ended"
fi
for d in $list; do
    echo expire >"$d/ctl" || [ ! -e "$d" ] || die "the session $d of $CLIENT cannot be ended"
done

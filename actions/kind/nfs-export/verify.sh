# Exit 0 when nothing is exported to the host and each session that it had then is
# gone. One that was made since, for what else it may reach, can do nothing here.
# shellcheck shell=sh disable=SC2154
see
[ -z "$(mine)" ] || die "it is still exported to $CLIENT: $(mine | tr '\t\n' '  ')"
list=$(sessions) || exit 1
left=
for d in $list; do
    id=$(session_id "$d")
    if [ ! -e "$d" ] || { [ -n "$id" ] && [ -e "$ended" ] && ! grep -qxF -e "$id" "$ended"; }; then
        continue
    fi
    left="$left $d"
done
[ -z "$left" ] || die "$CLIENT still has a session:$left"
marked || die "the exports were not withdrawn by this fence"

# Says whether the repository can be used now. Changes nothing.
# shellcheck shell=sh disable=SC2154

if ! command -v restic >/dev/null; then
    echo '@missing restic'
    exit 0
fi
version=$(restic version </dev/null 2>/dev/null | awk 'NR == 1 { print $2 }')
echo '@tool restic'
printf '@version %s\n' "$version"
mounted || trouble "nothing is mounted at $MOUNT, where the repository lies"
if [ -n "${RESTIC_REST_USERNAME-}" ]; then
    # Before 0.16.1 it reads no name and no password of a REST server.
    case $version in
    0.[0-9].* | 0.1[0-5].* | 0.16.0) trouble "restic $version takes no user of a REST server by its environment: install 0.16.1 or newer" ;;
    esac
fi
[ "$LOCAL" != yes ] || printf '@free %s\n' "$(free_at "$REPOSITORY")"

# Some stores are asked again for minutes when the key is wrong.
if command -v timeout >/dev/null; then
    # shellcheck disable=SC2317 # called by once
    restic() { timeout 60 restic "$@"; }
fi
once snapshots --json --no-lock --latest 1 >/dev/null
code=$?
if nothing "$code"; then
    echo '@absent yes' # which is no trouble where copy.sh is to make it
    [ "$INIT" = no ] || exit 0
    trouble "$(why "$code"): make it with restic init, or set init = true"
fi
[ "$code" = 0 ] || trouble "$(why "$code")"

# What holds the repository for itself is said; a backup that runs beside is not.
once list locks --no-lock >"$tmp/locks" || trouble "$(why "$?")"
while read -r id; do
    once cat lock "$id" --no-lock >"$tmp/lock" || continue # it is gone by now
    flat <"$tmp/lock" >"$tmp/flat" || trouble "what restic says of the lock $id is no JSON, or half of it"
    awk -F '\t' '
        { v[$1] = $2 }
        END {
            if (v[".exclusive"] == "true") printf "@locked %s by process %s of %s since %s\n", v[".hostname"], v[".pid"], v[".username"], v[".time"]
        }' "$tmp/flat"
done <"$tmp/locks"
exit 0

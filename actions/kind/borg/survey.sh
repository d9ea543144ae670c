# Says whether the repository can be used now. Changes nothing.
# shellcheck shell=sh disable=SC2154

if ! command -v borg >/dev/null; then
    echo '@missing borg (Debian: borgbackup)'
    exit 0
fi
version=$(borg --version </dev/null 2>/dev/null | awk 'NR == 1 { print $2 }')
echo '@tool borg'
printf '@version %s\n' "$version"
case $version in
1.[2-9] | 1.[2-9].* | 1.[2-9][!0-9.]*) ;;
'') trouble "borg does not say its version" ;;
*) trouble "borg $version is not known here: 1.2 to 1.4 are" ;;
esac
mounted || trouble "nothing is mounted at $MOUNT, where the repository lies"
[ "$LOCAL" != yes ] || printf '@free %s\n' "$(free_at "$REPOSITORY")"

if command -v timeout >/dev/null; then
    # shellcheck disable=SC2317 # called by once
    borg() { timeout 60 borg "$@"; }
fi
once list --lock-wait 2 --json --last 1 >"$tmp/list"
code=$?
if locked "$code"; then
    printf '@locked %s\n' "$(holder)"
    # Who holds the repository holds the cache of this host, too.
    (
        BORG_CACHE_DIR=$tmp/cache
        export BORG_CACHE_DIR
        once list --bypass-lock --json --last 1 >"$tmp/list"
    )
    code=$?
fi
if nothing "$code"; then
    echo '@absent yes' # which is no trouble where copy.sh is to make it
    [ "$INIT" = no ] || exit 0
    trouble "$(why "$code"): make it with borg init, or set init = true"
fi
[ "$code" = 0 ] || trouble "$(why "$code")"

# That it is encrypted is claimed; here it is seen.
flat <"$tmp/list" >"$tmp/flat" || trouble "what borg says of $REPOSITORY is no JSON, or half of it"
mode=$(awk -F '\t' '$1 == ".encryption.mode" { print $2 }' "$tmp/flat")
case $mode in
repokey* | keyfile*) [ "$ENCRYPTION" != none ] || trouble "the repository $REPOSITORY is encrypted ($mode), and the inventory says encryption = \"none\"" ;;
none | authenticated*) [ "$ENCRYPTION" = none ] || trouble "the repository $REPOSITORY is not encrypted (its mode is $mode): say encryption = \"none\", or make another" ;;
*) trouble "whether the repository $REPOSITORY is encrypted is not known: its mode is ${mode:-not told}" ;;
esac
exit 0

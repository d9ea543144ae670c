# Has the live databases checked, and holds them against the copy in $FROM where
# there is one.
# shellcheck shell=sh disable=SC2154
[ -n "$client" ] || die 'sqlite3 is not installed: apt install sqlite3'
work
if [ ! -f "${FROM-/none}/whole" ]; then
    numbered >"$tmp/list"
    [ -s "$tmp/list" ] || die "there is no SQLite database in $(printf '%s' "$ROOTS" | tr '\n' ' ')"
    while read -r _ f; do
        there
        sound "$f" -readonly || exit 1
    done <"$tmp/list"
    printf '@level answered\n@proof %s files are whole\n' "$(wc -l <"$tmp/list" | tr -d ' ')"
    exit 0
fi
live() {
    [ -s "$f" ] || die "$f is not there, or empty"
    sound "$f" -readonly
    judge "$f"
}
each live || exit 1
verdict

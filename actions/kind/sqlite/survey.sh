# Says whether and how much can be copied. Inputs: FOLDER (where dumps lie), WHY
# (why there may be nothing to copy).
# shellcheck shell=sh disable=SC2154
if [ -z "$client" ]; then
    echo '@missing sqlite3 (apt install sqlite3)'
    exit 0
fi
printf '@scratch %s\n@free %s\n@version %s\n' "$FOLDER" "$(free_at "${JURYMAST_ROOT-}$FOLDER")" "$("$client" --version | cut -d ' ' -f 1)"
[ -n "$ROOTS" ] || trouble "$WHY"
printf '%s\n' "$ROOTS" | while IFS= read -r root; do
    if [ -d "$root" ] && [ -n "$(find "$root" -type f -name '*
*' \( -name '*.db' -o -name '*.db3' -o -name '*.sqlite' -o -name '*.sqlite3' \) -print)" ]; then
        exit 3
    fi
done || trouble 'the name of a database has a newline in it, and would not be copied'
list=$(databases)
[ -n "$list" ] || lost "there is no SQLite database in $(printf '%s' "$ROOTS" | tr '\n' ' ')"
total=0
while IFS= read -r f; do
    standing
    case $is in
    unseen) trouble "there may be databases in $f that are not seen: $said; allow sudo for this host" ;;
    closed) trouble "$f cannot be seen: $said; allow sudo for this host" ;;
    bare) lost "there is no SQLite database in $f: is its disk mounted?" ;;
    absent | empty) lost "$f is not there, or empty" ;;
    esac
    said=$(read_only "$f" 'select count(*) from sqlite_master' 2>&1) || lost "$f: $said"
    total=$((total + $(bytes "$f") + $(bytes "$f-wal")))
done <<JM_LIST
$list
JM_LIST
printf '@bytes %s\n' "$total"

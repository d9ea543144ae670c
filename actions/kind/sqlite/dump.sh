# Copies every database to $STAGE as it is in one moment, and reads each back.
# Inputs: STAGE, WHY (why there may be nothing to copy).
# shellcheck shell=sh disable=SC2154
[ -n "$client" ] || die 'sqlite3 is not installed: apt install sqlite3'
work
rm -f "$STAGE/whole"
# shellcheck disable=SC2034 # each reads it
FROM=$STAGE
[ -n "$ROOTS" ] || die "$WHY"
numbered >"$tmp/list"
[ -s "$tmp/list" ] || die "there is no SQLite database in $(printf '%s' "$ROOTS" | tr '\n' ' ')"
while read -r n f; do
    there
    # Mode, owner and group as numbers.
    # shellcheck disable=SC2012 # a name alone, which comes last
    ls -lnd "$f" | awk -v n="$n" '{ for (i = 2; i <= 10; i++) { c = substr($1, i, 1); v = v * 2 + (c != "-" && c != "S" && c != "T") }
        printf "%s %o %s %s ", n, v, $3, $4 }' && printf '%s\n' "$f"
done <"$tmp/list" >"$STAGE/files"

# copied takes one copy. A transaction holds the moment: without it a copy begins
# anew whenever somebody writes, and may never end.
copied() {
    rm -f "$STAGE/$n.db"
    read_only "$f" "$counts" >"$tmp/counts" 2>"$tmp/err" || die "$f cannot be read: $(tail -n 1 "$tmp/err")"
    {
        echo '.timeout 30000'
        echo 'begin;'
        cat "$tmp/counts"
        echo "select 'counted';"
        printf '.backup %s\n' "$(quoted "$STAGE/$n.db")"
        echo 'commit;'
    } | "$client" -batch -readonly -bail "$f" >"$tmp/rows" 2>"$tmp/err" || die "$f cannot be copied: $(tail -n 1 "$tmp/err")"
    if [ "$(tail -n 1 "$tmp/rows")" != counted ] || [ -s "$tmp/err" ] || [ ! -s "$STAGE/$n.db" ]; then
        die "$f cannot be copied: $(tail -n 1 "$tmp/err")"
    fi
    sed '$d' "$tmp/rows" >"$STAGE/$n.rows"
    sound "$STAGE/$n.db" -readonly
    rows "$STAGE/$n.db" "$tmp/rows"
    cmp -s "$tmp/rows" "$STAGE/$n.rows" || die "the copy of $f does not have the rows that were counted"
    sum "$STAGE/$n.db" >"$STAGE/$n.sum" || : >"$STAGE/$n.sum"
    rm -f "$STAGE/$n.db-wal" "$STAGE/$n.db-shm" # of the reading
}
each copied || exit 1
flush
printf '%s\n' "$RUN" >"$STAGE/whole"
printf '@files %s\n@bytes %s\n' "$(wc -l <"$STAGE/files" | tr -d ' ')" "$(cat "$STAGE"/*.db | wc -c | tr -d ' ')"

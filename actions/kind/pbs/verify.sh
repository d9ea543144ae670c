# Fetches all data of the copy $COPY, whose chunks are compared with their
# hashes on the way, and compares the sizes. Says @level. What the server's own
# verification says counts against it, never for it: that may be months old.
# shellcheck shell=sh disable=SC2154

contents
snapshots || unread "$(why "$?")"
state=$(awk -F '\t' -v copy="$COPY" "$epoch"'
    function put() {
        split(copy, c, "/")
        if (type == c[1] && id == c[2] && time + 0 == epoch(c[3])) print state
        type = id = time = state = ""
    }
    {
        split($1, p, ".")
        if (p[2] != now) put()
        now = p[2]
        if (p[3] == "backup-type") type = $2
        else if (p[3] == "backup-id") id = $2
        else if (p[3] == "backup-time") time = $2
        else if (p[3] == "verification" && p[4] == "state") state = $2
    }
    END { put() }' "$tmp/flat")
case $state in
'' | ok) ;;
failed) damaged "the copy $COPY is damaged: the server's own verification failed" ;;
*) unread "its server's verification says $state, which is not known here" ;;
esac
while read -r archive _; do
    {
        coded restore "$COPY" "$archive" -
        echo "$?" >"$tmp/code"
    } | wc -c >"$tmp/read"
    code=$(cat "$tmp/code")
    [ "$code" = 0 ] || broken unread "$code"
    size=$(awk -v name="$archive" '$1 == name { print $2 }' "$tmp/sizes")
    came=$(tr -d ' ' <"$tmp/read")
    case $size/$came in
    /* | */) unread "how large $archive is to be, or what came of it, is not said" ;;
    esac
    [ "$came" = "$size" ] || damaged "the copy $COPY is damaged: of the $size bytes of $archive $came came back"
done <"$tmp/paths"
echo '@level readable'

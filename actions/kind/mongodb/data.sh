# What dumps and restores have in common; behind mongodb/lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154

# tool runs mongodump or mongorestore; what it says lies in $tmp/said.
tool() {
    program=$1
    shift
    # shellcheck disable=SC2086 # words, or none
    ${enter-} "$program" --config="$tmp/tools.yaml" --host="$ADDRESS" --port="$SERVER_PORT" ${ROLE:+--username="$ROLE" --authenticationDatabase="$AUTH"} \
        --gzip "$@" </dev/null 2>"$tmp/said" || die "$program: $(grep -v '^[[:space:]]*$' "$tmp/said" | tail -n 1)"
}

# server asks what the server is: $said, and $moment where it can dump one moment.
server() {
    said=$(asked "$look" | tail -n 1)
    case $said in
    '{'*'"error"'*) die "the server cannot be asked: $(printf '%s' "$said" | sed 's/.*"error":"\([^"]*\)".*/\1/')" ;;
    '{'*'"set":""'*) moment= ;;
    '{'*'"set":"'*) moment=--oplog ;;
    *) die "the server on port $SERVER_PORT cannot be asked: $said" ;;
    esac
}

# dump writes all databases to a folder: the archive, what is in it, whether it is
# of one moment, and its checksum; "whole" goes last.
dump() {
    to=$1
    rm -f "$to/whole" "$to/dump.archive.gz" "$to/collections" "$to/moment" "$to/sum" || exit 1
    tool mongodump ${moment:+"$moment"} --archive="$to/dump.archive.gz"
    # It counts what it has dumped: "… done dumping shop.orders (120 documents)".
    sed -n 's/.*done dumping \(.*\) (\([0-9]*\) documents\{0,1\}).*/\2 \1/p' "$tmp/said" | sort -k 2 >"$to/collections"
    [ -s "$to/collections" ] || die 'mongodump ended with 0 and dumped no collection'
    archive "$to"
    printf '%s\n' "${moment:-none}" >"$to/moment"
    sum "$to" >"$to/sum" || exit 1
    flush
    printf '%s\n' "$RUN" >"$to/whole"
}

# archive ends it unless a folder holds an archive that reads back to its end.
archive() {
    gzip -t "$1/dump.archive.gz" 2>"$tmp/err" || die "the dump cannot be read back: $(tail -n 1 "$tmp/err")"
    [ "$(gzip -dc "$1/dump.archive.gz" 2>/dev/null | od -An -N 4 -tx1 | tr -d ' \n')" = 6de29981 ] || die 'what was dumped is no archive of mongodump'
}

sum() {
    cksum <"$1/dump.archive.gz"
}

# whole ends it unless a folder holds a dump that is as it was made.
whole() {
    [ -s "$1/whole" ] || die 'the copy was not made to its end'
    [ -s "$1/collections" ] || die 'the copy does not say what is in it'
    archive "$1"
    [ ! -e "$1/sum" ] || [ "$(sum "$1")" = "$(cat "$1/sum")" ] || die 'the copy has another checksum than when it was made'
}

documents() {
    awk '{ n += $1 } END { printf "%.0f", n }' "$1/collections"
}

# bring restores a dump over what is there: each of its collections is dropped and
# made anew. mongorestore ends with 0 though documents failed: it is told to stop
# at the first, and what it counts is held against what was counted by the dump.
# What of admin and config it restores by ways of its own is not counted.
bring() {
    [ -e "$1/moment" ] || die 'the copy does not say whether it is of one moment: restore it by hand'
    replay=
    [ "$(cat "$1/moment")" = none ] || replay=--oplogReplay
    tool mongorestore --drop --stopOnError ${replay:+"$replay"} --archive="$1/dump.archive.gz"
    # "… finished restoring shop.orders (120 documents, 0 failures)"
    sed -n 's/.*finished restoring \(.*\) (\([0-9]*\) documents\{0,1\}, \([0-9]*\) failures\{0,1\}).*/\2 \3 \1/p' "$tmp/said" >"$tmp/restored"
    failed=$(awk '$2 != 0 { n += $2 } END { printf "%.0f", n }' "$tmp/restored")
    [ "$failed" = 0 ] || die "$failed documents failed to be restored"
    wrong=$(awk 'NR == FNR { n = $1; sub(/^[0-9]+ [0-9]+ /, ""); got[$0] = n + 0; seen[$0] = 1; next }
        { n = $1; sub(/^[0-9]+ /, ""); if ($0 ~ /^(admin|config)\./) next
          if (!seen[$0]) { print $0 " was not restored"; exit } if (got[$0] != n + 0) { print $0 " has " got[$0] " documents, and " n " were dumped"; exit } }' "$tmp/restored" "$1/collections")
    [ -z "$wrong" ] || die "$wrong"
}

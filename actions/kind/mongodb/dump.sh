# Dumps all databases to $STAGE/dump.archive.gz, and what was written meanwhile
# too where the server is a member of a replica set: then the dump is of one
# moment. The archive is read back, and how much is in it is noted.
# shellcheck shell=sh disable=SC2154
command -v mongodump >/dev/null || die 'mongodump is not there'
work
credentials
rm -f "$STAGE/whole" "$STAGE/dump.archive.gz" "$STAGE/collections" || exit 1
said=$(asked "$look" | tail -n 1)
case $said in
'{'*'"error"'*) die "the server cannot be asked: $(printf '%s' "$said" | sed 's/.*"error":"\([^"]*\)".*/\1/')" ;;
'{'*'"set":""'*) moment= ;;
'{'*'"set":"'*) moment=--oplog ;;
*) die "the server on port $SERVER_PORT cannot be asked: $said" ;;
esac
mongodump --config="$tmp/tools.yaml" --host="$ADDRESS" --port="$SERVER_PORT" ${ROLE:+--username="$ROLE" --authenticationDatabase="$AUTH"} \
    ${moment:+"$moment"} --gzip --archive="$STAGE/dump.archive.gz" </dev/null 2>"$tmp/said" || die "mongodump: $(grep -v '^[[:space:]]*$' "$tmp/said" | tail -n 1)"
# It counts what it has dumped: "… done dumping shop.orders (120 documents)".
sed -n 's/.*done dumping \(.*\) (\([0-9]*\) documents\{0,1\}).*/\2 \1/p' "$tmp/said" | sort -k 2 >"$STAGE/collections"
[ -s "$STAGE/collections" ] || die 'mongodump ended with 0 and dumped no collection'
[ "$(gzip -dc "$STAGE/dump.archive.gz" 2>"$tmp/err" | od -An -N 4 -tx1 | tr -d ' \n')" = 6de29981 ] || die 'what was dumped is no archive of mongodump'
gzip -t "$STAGE/dump.archive.gz" 2>"$tmp/err" || die "the dump cannot be read back: $(tail -n 1 "$tmp/err")"
flush
printf '%s\n' "$RUN" >"$STAGE/whole"
printf '@bytes %s\n@collections %s\n@documents %s\n@moment %s\n' "$(wc -c <"$STAGE/dump.archive.gz" | tr -d ' ')" "$(wc -l <"$STAGE/collections" | tr -d ' ')" \
    "$(awk '{ n += $1 } END { printf "%.0f", n }' "$STAGE/collections")" "$([ -n "$moment" ] && echo one || echo several)"

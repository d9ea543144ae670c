# Saves all keys to $STAGE/dump.rdb and reads the file back whole.
# shellcheck shell=sh disable=SC2154
[ -n "$client" ] || die 'redis-cli is not installed (apt install redis-tools)'
rm -f "$STAGE/whole"
dir=$(setting dir)
rdb=$(setting dbfilename)
save
if [ -n "$dir" ] && [ -f "$dir/$rdb" ]; then
    cp "$dir/$rdb" "$STAGE/dump.rdb" || die "$dir/$rdb cannot be copied"
else
    # Its folder is not seen from here: it sends the file.
    cli --rdb "$STAGE/dump.rdb" >/dev/null
    [ -s "$STAGE/dump.rdb" ] || die 'it does not send its data'
fi
read_back "$STAGE/dump.rdb" >"$STAGE/keys" || exit 1
flush
printf '%s\n' "$RUN" >"$STAGE/whole"
printf '@bytes %s\n@keys %s\n' "$(wc -c <"$STAGE/dump.rdb" | tr -d ' ')" "$(cut -d ' ' -f 1 "$STAGE/keys")"

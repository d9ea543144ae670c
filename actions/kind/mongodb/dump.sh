# Dumps all databases to $STAGE/dump.archive.gz, and what was written meanwhile
# too where the server is a member of a replica set: then the dump is of one
# moment. The archive is read back, and how much is in it is noted.
# shellcheck shell=sh disable=SC2154
command -v mongodump >/dev/null || die 'mongodump is not there'
work
credentials
server
dump "$STAGE"
printf '@bytes %s\n@collections %s\n@documents %s\n@moment %s\n' "$(wc -c <"$STAGE/dump.archive.gz" | tr -d ' ')" "$(wc -l <"$STAGE/collections" | tr -d ' ')" \
    "$(documents "$STAGE")" "$([ -n "$moment" ] && echo one || echo several)"

# Brings the copy in $FROM up in a server of its own, holds each of its collections
# against what was dumped, and has the server read all of them. Where such a server
# cannot be had it is read back to its end.
# shellcheck shell=sh disable=SC2034,SC2154
work
whole "$FROM"
alone
if [ -n "$lacks" ]; then
    printf '@level extracted\n@proof the archive reads back whole, with the checksum that it was made with: %s documents in %s collections when it was made; it was not started: here is no%s\n' \
        "$(documents "$FROM")" "$(wc -l <"$FROM/collections" | tr -d ' ')" "$lacks"
    exit 0
fi
unscratch || die "the server in $drill of an earlier attempt does not end"
need=$(gzip -dc "$FROM/dump.archive.gz" | wc -c | tr -d ' ')
free=$(free_at "$drill")
[ "$free" -gt $((need * 2)) ] || die "${drill%/*} has $free bytes free, and $((need * 2)) may be needed"
mkdir -p "$drill/data" || exit 1
begin
bring "$FROM"
names "$FROM"
LIMIT=3600
counted 'if (d.getCollectionInfos({name: c})[0].type === "collection" && d.getCollection(c).validate().valid !== true) { print("invalid " + name); quit(); }'
unscratch || die "the server of the drill in $drill does not end"
printf '@level data-checked\n@proof %s collections with %s documents in a server of its own, each brought back with as many as were dumped, read whole and valid; the copy has the checksum that it was made with\n' "$collections" "$total"

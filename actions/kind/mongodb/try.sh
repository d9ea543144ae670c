# Reads the copy in $FROM back to its end, without a server.
# shellcheck shell=sh disable=SC2154
work
[ -s "$FROM/whole" ] || die 'the copy was not made to its end'
[ -s "$FROM/collections" ] || die 'the copy does not say what is in it'
gzip -t "$FROM/dump.archive.gz" 2>"$tmp/err" || die "the dump cannot be read back: $(tail -n 1 "$tmp/err")"
[ "$(gzip -dc "$FROM/dump.archive.gz" 2>/dev/null | od -An -N 4 -tx1 | tr -d ' \n')" = 6de29981 ] || die 'the copy is no archive of mongodump'
printf '@level extracted\n@proof the archive reads back whole: %s documents in %s collections when it was made\n' \
    "$(awk '{ n += $1 } END { printf "%.0f", n }' "$FROM/collections")" "$(wc -l <"$FROM/collections" | tr -d ' ')"

# Judges a listing: the copy that this run made must be in it, younger than the
# run and of a plausible size. jm_list, ahead of this, prints the listing.
# Inputs: SAID_COPY, SAID_BYTES, SAID_UNHELD (why it may not be consistent), LEAST
# (bytes; 0 for none).
# shellcheck shell=sh disable=SC2154
jm_all=$(jm_list) || {
    echo "the copies could not be listed" >&2
    exit 1
}
if [ -z "${SAID_COPY-}" ]; then
    echo "the copying did not say which copy it made" >&2
    exit 1
fi
jm_row=$(printf '%s\n' "$jm_all" | while read -r jm_word jm_id jm_rest; do
    case $jm_word in @copy-*) [ "$jm_id" = "$SAID_COPY" ] && echo "$jm_rest" && break ;; esac
done)
if [ -z "$jm_row" ]; then
    echo "copy $SAID_COPY is not in the repository" >&2
    exit 1
fi
read -r jm_at jm_bytes jm_files jm_rest <<JM_END
$jm_row
JM_END
case $jm_bytes in '' | *[!0-9]*) jm_bytes=${SAID_BYTES-0} ;; esac
case $jm_bytes in '' | *[!0-9]*) jm_bytes=0 ;; esac
echo "@copy $SAID_COPY"
echo "@at $jm_at"
echo "@listed-bytes $jm_bytes"
echo "@listed-files ${jm_files:-0}"
if [ -n "${SAID_UNHELD-}" ]; then
    echo "$SAID_UNHELD: the copy is not counted as consistent" >&2
    exit 1
fi
if [ "$jm_bytes" -lt "$LEAST" ]; then
    echo "copy $SAID_COPY has $jm_bytes bytes, and earlier ones had more than twice $LEAST: is something missing?" >&2
    exit 1
fi

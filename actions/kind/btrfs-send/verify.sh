# Has all data of the copy $COPY read where it lies, and says @level: its file
# system compares it with its sums, where it keeps some. Where it cannot be read
# there, what came is compared by its mark alone.
# shellcheck shell=sh disable=SC2154

known
there verify ID "$COPY" MARK "$mark"
code=$?
if [ "$code" != 0 ]; then
    # What btrfs finds spoilt by its checksums is not read.
    told=$(why "$code")
    case $told in
    *": not all of $COPY can be read: "*'Input/output error'*) spoilt "the copy $COPY is damaged: $told" ;;
    esac
    unread "$told"
fi
unread=$(sed -n 's/^unread //p' "$tmp/answer")
if [ -n "$unread" ]; then
    echo "it was not read: $unread" >&2
    echo '@level listed'
    exit 0
fi
measured=$(head -n 1 "$tmp/answer")
case $measured in
'measured '?*' '?*) ;;
*) unread "$who does not say what there is of it" ;;
esac
[ "$measured" = "measured $files $bytes" ] || spoilt "the copy $COPY is not what was sent: $measured of $files files and $bytes bytes"
echo '@level readable'

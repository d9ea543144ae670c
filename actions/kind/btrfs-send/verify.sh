# Has all data of the copy $COPY read where it lies, and says @level: btrfs
# compares it with its sums, where it keeps some.
# shellcheck shell=sh disable=SC2154

known
there verify ID "$COPY" UUID "$mark"
code=$?
if [ "$code" != 0 ]; then
    # What btrfs finds spoilt by its checksums is not read.
    told=$(why "$code")
    case $told in
    *": not all of $COPY can be read: "*'Input/output error'*) spoilt "the copy $COPY is damaged: $told" ;;
    esac
    unread "$told"
fi
measured=$(head -n 1 "$tmp/answer")
case $measured in
'measured '?*' '?*) ;;
*) unread "$who does not say what there is of it" ;;
esac
[ "$measured" = "measured $files $bytes" ] || spoilt "the copy $COPY is not what was sent: $measured of $files files and $bytes bytes"
echo '@level readable'

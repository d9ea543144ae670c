# Has all data of the copy $COPY read where it lies, and says @level: btrfs
# compares it with its sums, where it keeps some.
# shellcheck shell=sh disable=SC2154

known
there verify ID "$COPY" UUID "$mark"
code=$?
if [ "$code" != 0 ]; then
    told=$(why "$code")
    case $told in
    *": not all of $COPY can be read: "*) spoilt "the copy $COPY is damaged: $told" ;;
    esac
    die "$told"
fi
measured=$(head -n 1 "$tmp/answer")
[ "$measured" = "measured $files $bytes" ] || spoilt "the copy $COPY is not what was sent: $measured of $files files and $bytes bytes"
echo '@level readable'

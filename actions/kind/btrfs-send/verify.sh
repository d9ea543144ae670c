# Has all data of the copy $COPY read where it lies, and says @level: btrfs
# compares it with its sums, where it keeps some.
# shellcheck shell=sh disable=SC2154

known
ask verify ID "$COPY" UUID "$mark"
grep -qxF "measured $files $bytes" "$tmp/answer" || die "the copy $COPY is not what was sent: $(head -n 1 "$tmp/answer") of $files files and $bytes bytes"
echo '@level readable'

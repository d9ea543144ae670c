# Writes the copy $COPY below $INTO, once its sum is seen to be right, and says
# @files and @bytes.
# shellcheck shell=sh disable=SC2154

ready
check
if fresh; then
    unpack "$COPY" <"$there/$COPY"
fi
whole

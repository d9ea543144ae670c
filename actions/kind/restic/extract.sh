# Writes the copy $COPY below $INTO and says @files and @bytes.
# shellcheck shell=sh disable=SC2154

unextracted() { die "the copy $COPY cannot be extracted: $*"; }

ready
if fresh; then
    # Each file is read again and compared. An exit code of 0 may mean that
    # nothing at all was written.
    ask restore "$COPY" --target "$INTO" --verify >/dev/null || broken unextracted "$?"
fi
whole

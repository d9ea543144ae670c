# Writes the copy $COPY below $INTO and says @files and @bytes.
# shellcheck shell=sh disable=SC2154

unextracted() { die "the copy $COPY cannot be extracted: $*"; }

contents
if fresh; then
    while IFS= read -r line; do
        archive=${line%% *} path=${line#* }
        mkdir -p "$INTO$path" || exit 1
        coded restore "$COPY" "$archive" "$INTO$path" --allow-existing-dirs true >/dev/null ||
            broken unextracted "$?"
    done <"$tmp/paths"
fi
whole

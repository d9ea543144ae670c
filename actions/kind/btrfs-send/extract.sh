# Writes the copy $COPY below $INTO, by the path that was copied, and says
# @files and @bytes. Of every repository that sends; seat makes the folder.
# shellcheck shell=sh disable=SC2154

known
if fresh; then
    to=$INTO$from
    mkdir -p "${to%/*}" || exit 1
    seat "$to" || exit 1
    question read ID "$COPY" MARK "$mark"
    attributes
    {
        line 'exec /bin/sh -s' <"$tmp/ask" 2>"$tmp/near.err"
        echo "$?" >"$tmp/near.code"
    } | {
        # shellcheck disable=SC2086 # words
        tar -C "$to" -xp $keeping -f - 2>"$tmp/tar.err" || die "it cannot be written: $(tail -n 1 "$tmp/tar.err")"
        cat >/dev/null # what fills the last block
    }
    code=$?
    near=$(cat "$tmp/near.code")
    if [ "$near" != 0 ] && [ "$near" != 141 ]; then
        mv "$tmp/near.err" "$tmp/err"
        # What a file system finds spoilt by its checksums is not read.
        broken=$(grep 'Input/output error' "$tmp/err" | head -n 1)
        [ -z "$broken" ] || spoilt "the copy $COPY is damaged: $who: $broken"
        die "the copy $COPY cannot be read: $(why "$near")"
    fi
    [ "$code" = 0 ] || exit 1
    [ "$(measure "$to")" = "$files $bytes" ] || spoilt "what came out of $COPY is not all that was copied: $(measure "$to") files and bytes of $files $bytes"
fi
whole

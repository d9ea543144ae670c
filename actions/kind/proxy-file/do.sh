# Writes the file, has it tested and read. One that does not pass is not left
# there. The old one is set aside.
# shellcheck shell=sh disable=SC2154
old=$FILE.jurymast-$RUN
if [ -e "$FILE" ] && [ ! -e "$old" ]; then
    cp -p "$FILE" "$old.part" || die "$FILE cannot be set aside"
    mv "$old.part" "$old" || exit 1
fi
content >"$FILE.part" || exit 1
if [ -e "$FILE" ]; then
    chown "$(stat -c %u:%g "$FILE" 2>/dev/null || stat -f %u:%g "$FILE")" "$FILE.part" 2>/dev/null
    chmod "$(stat -c %a "$FILE" 2>/dev/null || stat -f %Lp "$FILE")" "$FILE.part"
else
    chmod 644 "$FILE.part"
fi
mv "$FILE.part" "$FILE" || die "$FILE cannot be written"
if [ -n "$TEST" ] && ! said=$(/bin/sh -c "$TEST" 2>&1); then
    if [ -e "$old" ]; then
        cp -p "$old" "$FILE.part" && mv "$FILE.part" "$FILE"
    else
        rm -f "$FILE"
    fi
    die "the new file does not pass its test, and the old one is back: $(printf '%s' "$said" | tail -n 1)"
fi
/bin/sh -c "$RELOAD" || die 'the proxy does not read it'
[ ! -e "$old" ] || echo "@aside $old"

# Reads $COPY back as a whole, as far as this node can: an archive is unpacked and
# its sums are compared. Says @level. What a Proxmox Backup Server found when it
# read a copy counts against it, and never for it: that may be months old. Such
# a copy is read when it is brought back.
# shellcheck shell=sh disable=SC2154

known
found=$(awk -v id="$COPY" '$1 == id { print $9 }' "$tmp/copies")
case $found in
- | ok) ;;
failed) damaged "the copy $COPY is damaged: the server's own verification failed" ;;
*) unread "its server's verification says ${found:-nothing}, which is not known here" ;;
esac
case $COPY in
*:backup/vm/* | *:backup/ct/*)
    echo '@level listed'
    exit 0
    ;;
esac
file=$(timeout 60 pvesm path "$COPY" 2>"$tmp/err" </dev/null) || die "where $COPY lies is not told: $(why 'nothing was said')"
[ -r "$file" ] || die "$file, which is $COPY, cannot be read"
case $file in
*.zst) open='zstd -q -d -c' bare=${file%.zst} ;;
*.gz) open='gzip -d -c' bare=${file%.gz} ;;
*.lzo) open='lzop -d -c' bare=${file%.lzo} ;;
*) open=cat bare=$file ;;
esac
case $bare in
*.vma) read='vma verify -' ;;
*.tar) read='tar -t -f -' ;;
*) die "how to read $file is not known here" ;;
esac
for program in "${open%% *}" "${read%% *}"; do
    command -v "$program" >/dev/null || die "$program, which reads $bare, is not there"
done
{
    # shellcheck disable=SC2086 # words
    $open <"$file" 2>"$tmp/err"
    echo "$?" >"$tmp/code"
} | {
    # shellcheck disable=SC2086
    $read >/dev/null 2>"$tmp/err2"
    code=$?
    cat >/dev/null # what is left of it, so that its sum is seen, too
    exit "$code"
}
code=$?
unpacked=$(cat "$tmp/code")
# What says that of the data is damage; that it was not read may be the storage.
# Whatever comes behind what could not unpack it only sees its end.
if [ "$unpacked" != 0 ] || [ "$code" != 0 ]; then
    [ "$unpacked" != 0 ] || mv "$tmp/err2" "$tmp/err"
    bad=$(grep -m 1 -iE 'premature end|unexpected e(nd|of)|decoding error|corrupt|crc error|checksum|invalid compressed data|length error|unsupported format|unknown frame|not in [a-z]* format|not a lzop file|does not look like a tar|vma (extent|header|file)' "$tmp/err")
    [ -z "$bad" ] || damaged "the copy $COPY is damaged: $bad"
    unread "$(why 'it cannot be unpacked')"
fi
echo '@level readable'

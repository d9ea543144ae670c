# Says whether what is sent can be received now. Changes nothing.
# shellcheck shell=sh disable=SC2154

if ! command -v zfs >/dev/null; then
    echo '@missing zfs (Debian: zfsutils-linux)'
    exit 0
fi
if [ -n "$DESTINATION" ] && ! command -v ssh >/dev/null; then
    echo '@missing ssh (Debian: openssh-client)'
    exit 0
fi
echo '@tool zfs send'
there survey || trouble "$(why "$?")"
awk '$1 == "version" { print "@version " $2 } $1 == "free" { print "@free " $2 }' "$tmp/answer"

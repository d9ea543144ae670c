#!/bin/sh
# testparm [-s] [--section-name=SHARE --parameter-name=NAME] [FILE]: reads
# etc/samba/smb.conf, one "NAME = VALUE" a line below "[SHARE]".
file=${JURYMAST_ROOT:?}/etc/samba/smb.conf section='' name=''
for word; do
    case $word in
    --section-name=*) section=${word#*=} ;;
    --parameter-name=*) name=${word#*=} ;;
    -*) ;;
    *) file=$word ;;
    esac
done
printf 'Load smb config files from %s\nLoaded services file OK.\n' "$file" >&2
if [ -z "$name" ]; then
    cat "$file"
    exit
fi
SECTION=$section NAME=$name awk '
/^\[.*\]$/ { here = substr($0, 2, length($0) - 2) == ENVIRON["SECTION"]; there = there || here; next }
here { at = index($0, "="); key = substr($0, 1, at - 1); gsub(/^[ \t]+|[ \t]+$/, "", key) }
here && key == ENVIRON["NAME"] { value = substr($0, at + 1); sub(/^[ \t]+/, "", value); print value; exit }
END { if (!there) { print "Unknown section " ENVIRON["SECTION"] > "/dev/stderr"; exit 1 } }' "$file"

#!/bin/sh
# smbstatus -S: who is connected to which share, from lab/smbstatus; root's alone.
if [ "$(id -u)" != 0 ]; then
    echo 'smbstatus only works as root!' >&2
    exit 1
fi
cat "${JURYMAST_ROOT:?}/lab/smbstatus"

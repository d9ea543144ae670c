#!/bin/sh
# journalctl: the text of lab/journal, if there is one; with -g PATTERN what fits
# of the kernel's own, lab/kernel-log, the newest first.
while [ $# -gt 0 ]; do
    case $1 in
    -g | --grep)
        grep -e "$2" "${JURYMAST_ROOT:?}/lab/kernel-log" 2>/dev/null
        exit 0
        ;;
    esac
    shift
done
cat "${JURYMAST_ROOT:?}/lab/journal" 2>/dev/null || echo '-- No entries --'

#!/bin/sh
# Makes a work folder that is empty, and marks it as ours. Input: FOLDER.
# shellcheck shell=sh disable=SC2154
LC_ALL=C
export LC_ALL
umask 077
case $FOLDER in
*/jurymast/?* | */.jurymast/?*) ;;
*)
    echo "$FOLDER is no work folder" >&2
    exit 64
    ;;
esac
if [ -e "$FOLDER" ] && [ ! -f "$FOLDER/.jurymast-work" ]; then
    echo "$FOLDER is there and was not made by jurymast" >&2
    exit 1
fi
rm -rf -- "$FOLDER" && mkdir -p -- "$FOLDER" && : >"$FOLDER/.jurymast-work"

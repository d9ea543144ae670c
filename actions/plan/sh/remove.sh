#!/bin/sh
# Removes a work folder of ours, and nothing else. Input: FOLDER.
# shellcheck shell=sh disable=SC2154
LC_ALL=C
export LC_ALL
case $FOLDER in
*/jurymast/?* | */.jurymast/?*) ;;
*)
    echo "$FOLDER is no work folder" >&2
    exit 64
    ;;
esac
if [ ! -e "$FOLDER" ]; then
    exit 0
fi
if [ -L "$FOLDER" ] || [ ! -f "$FOLDER/.jurymast-work" ]; then
    echo "$FOLDER was not made by jurymast and stays" >&2
    exit 1
fi
rm -rf -- "$FOLDER"

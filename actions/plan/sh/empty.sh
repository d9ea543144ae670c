#!/bin/sh
# Makes a folder for a restore, or takes one that is empty. Input: FOLDER.
# shellcheck shell=sh disable=SC2154
LC_ALL=C
export LC_ALL
if [ -e "${JURYMAST_ROOT-}$FOLDER" ] || [ -L "${JURYMAST_ROOT-}$FOLDER" ]; then
    if [ ! -d "${JURYMAST_ROOT-}$FOLDER" ] || [ -n "$(ls -A -- "${JURYMAST_ROOT-}$FOLDER")" ]; then
        echo "$FOLDER is there and not empty: a restore does not mix with what is there" >&2
        exit 1
    fi
    exit 0
fi
mkdir -p -- "${JURYMAST_ROOT-}$FOLDER"

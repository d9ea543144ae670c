#!/bin/sh
# Makes a folder for a restore, or takes one that is empty. Input: FOLDER.
# shellcheck shell=sh disable=SC2154
LC_ALL=C
export LC_ALL
if [ -e "$FOLDER" ] || [ -L "$FOLDER" ]; then
    if [ ! -d "$FOLDER" ] || [ -n "$(ls -A -- "$FOLDER")" ]; then
        echo "$FOLDER is there and not empty: a restore does not mix with what is there" >&2
        exit 1
    fi
    exit 0
fi
mkdir -p -- "$FOLDER"

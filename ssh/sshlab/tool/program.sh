#!/bin/sh
# A tool that answers some calls, under a name of its own: lab/program/NAME/calls
# has lines "NUMBER EXIT PATTERN", the answers are files of those numbers.
# "root" there is what everybody but root is told; with "dialogue" the first line of
# the input is a part of the call.
name=${0##*/}
folder=${JURYMAST_ROOT:?}/lab/program/$name
if [ -e "$folder/root" ] && [ "$(id -u)" != 0 ]; then
    cat "$folder/root" >&2
    exit 1
fi
# In a container paths were led to where its files lie.
asked=$(printf '%s' "$*" | sed "s|$JURYMAST_ROOT||g")
if [ -e "$folder/dialogue" ]; then
    IFS= read -r line
    asked=$asked$line
fi
while read -r number code pattern; do
    # shellcheck disable=SC2254 # it is a pattern
    case $asked in
    $pattern)
        if [ "$code" = 0 ]; then
            cat "$folder/$number"
        else
            cat "$folder/$number" >&2
        fi
        exit "$code"
        ;;
    esac
done <"$folder/calls"
echo "$name: the simulated one does not know: $*" >&2
exit 2

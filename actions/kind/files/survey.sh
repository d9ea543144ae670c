# Says how much is to be copied, and how much room there is beside it. Inputs
# besides: SCRATCH (a folder in which work files may lie), WHY (why there may be
# nothing to copy).
# shellcheck shell=sh disable=SC2154

list=$(roots)
set -f
IFS='
'
# shellcheck disable=SC2086 # a path a line
set -- $list
unset IFS
set +f
[ "$#" -gt 0 ] || trouble "${WHY:-no data of it is known: name its paths in data}"
n=0
for p in "$@"; do
    shift
    if [ -L "$p" ]; then
        trouble "$p is a symbolic link, of which only the link would be copied: name what it leads to"
    elif [ -e "$p" ]; then
        set -- "$@" "$p"
    else
        printf '@absent-%s %s\n' "$((n + 1))" "$p" # to be brought back, may be
    fi
    n=$((n + 1))
    printf '@path-%s %s\n' "$n" "$p"
done

at=$SCRATCH
while [ ! -d "$at" ]; do
    at=$(dirname "$at")
done
printf '@scratch %s\n' "$SCRATCH"
free=$(df -Pk "$at" 2>/dev/null | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')
[ -z "$free" ] || printf '@free %s\n' "$free"
# A large tree takes long: what is not known in time is not said.
limit=
! command -v timeout >/dev/null || limit='timeout 20'
if [ "$#" -gt 0 ] && sizes=$($limit du -sk "$@" 2>/dev/null); then
    printf '@bytes %s\n' "$(printf '%s\n' "$sizes" | awk '{ s += $1 } END { printf "%.0f", s * 1024 }')"
fi
exit 0

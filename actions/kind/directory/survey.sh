# Says whether the folder can be used now. Changes nothing.
# shellcheck shell=sh disable=SC2154

for tool in tar mkfifo; do
    command -v "$tool" >/dev/null || printf '@missing %s\n' "$tool"
done
choose
printf '@tool tar\n@version %s\n' "$(tar --version 2>&1 | head -n 1 | sed 's/^tar //'), ${pack%% *}"
mounted || trouble "nothing is mounted at $MOUNT, where the repository lies"
[ ! -L "$there" ] || trouble "$there is a symbolic link"
at=$REPOSITORY
while [ ! -e "$at" ]; do
    at=$(dirname "$at")
done
[ -d "$at" ] || trouble "$at is no folder"
[ -w "$at" ] || trouble "$at cannot be written"
printf '@free %s\n' "$(free_at "$REPOSITORY")"

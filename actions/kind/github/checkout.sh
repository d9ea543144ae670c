# Says which commit and tag lies in a folder. Input: DIR.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
export LC_ALL
dir=${JURYMAST_ROOT-}$DIR

echo '== checkout'
if ! command -v git >/dev/null; then
    echo 'git is not installed'
# The folder may belong to another user than the one that looks.
elif commit=$(git -c safe.directory="$dir" -C "$dir" rev-parse HEAD 2>&1 </dev/null); then
    printf 'commit %s\n' "$commit"
    printf 'tag %s\n' "$(git -c safe.directory="$dir" -C "$dir" describe --tags --exact-match HEAD 2>/dev/null </dev/null)"
else
    printf '%s\n' "$commit"
fi

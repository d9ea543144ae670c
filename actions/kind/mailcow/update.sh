# Says which commit of mailcow is installed, and which is out. Nothing is
# fetched: the remote is asked for the name of its newest commit.
# Input: DIR.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
GIT_TERMINAL_PROMPT=0
export LC_ALL GIT_TERMINAL_PROMPT
dir=${JURYMAST_ROOT-}$DIR
limit=
! command -v timeout >/dev/null || limit='timeout 20'

if ! command -v git >/dev/null; then
    echo missing
    exit 0
fi
# The folder belongs to root, whoever looks.
asked() { git -c safe.directory="$dir" -C "$dir" "$@" 2>&1 </dev/null; }

branch=$(asked rev-parse --abbrev-ref HEAD) || { printf '== failed\n%s\n== end\n' "$branch" && exit 0; }
printf '== branch\n%s\n== installed\n%s\n' "$branch" "$(asked rev-parse HEAD)"
printf '== described\n%s\n' "$(asked describe --tags --always)"
printf '== out\n'
# shellcheck disable=SC2086 # two words, or none
$limit git -c safe.directory="$dir" -C "$dir" ls-remote origin "refs/heads/$branch" 2>&1 </dev/null
printf '== end\n'

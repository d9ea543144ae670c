# Removes the folder $INTO if an extract of ours filled it, and nothing else.
# shellcheck shell=sh disable=SC2154

note=$INTO/.jurymast-extract
[ -e "$INTO" ] || exit 0
if [ -L "$INTO" ] || [ -L "$note" ]; then
    die "$INTO is not what was made, and stays"
fi
case $(cat "$note" 2>/dev/null) in
"part of $COPY" | "whole $COPY") ;;
*) exit 0 ;;
esac
# What still writes there would make it anew.
runs 'jobs jobtype=R' || die "$(why)"
id=$(mine R "jurymast restore=$RUN copy=$COPY")
[ -z "$id" ] || settle "$id"
rm -rf -- "$INTO"

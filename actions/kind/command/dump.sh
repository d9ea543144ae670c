# Has the user's line of shell fill the folder $STAGE; an empty one is no copy.
# Input: LINE.
# shellcheck shell=sh disable=SC2154
[ -d "$STAGE" ] || die "there is no folder $STAGE for the dump"
line dump "$LINE"
[ -n "$(find "$STAGE" -type f ! -name '.jurymast-*' -size +0 2>/dev/null | head -n 1)" ] || die "dump ended with 0 and left nothing in $STAGE"

# Says @copy when $RUN has made a copy that is whole; ends with 1 when not, and with
# 2 when that is not known.
# shellcheck shell=sh disable=SC2154

(images) || exit 2
made=$(awk -v run="$RUN" -v tag="$TAG" '$5 == run && $6 == tag && $4 == "available" { print $1; exit }' "$tmp/images")
[ -n "$made" ] || exit 1
printf '@copy %s\n' "$made"

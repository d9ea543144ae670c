# Removes server $INTO if this run has made it, and its wall; nothing else. Inputs
# besides: RUN.
# shellcheck shell=sh disable=SC2154

if exists "$INTO" && ours; then
    discard
fi
raze

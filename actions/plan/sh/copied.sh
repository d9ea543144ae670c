# Behind what copied data that is held still: whether it was, to the end.
# watched.sh stands in front.
# shellcheck shell=sh disable=SC2154
if jm_unheld; then
    echo "@unheld $jm_why"
    echo "@partial $jm_why"
fi

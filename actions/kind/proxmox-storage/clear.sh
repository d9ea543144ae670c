# Removes guest $INTO if this run has made it, and nothing else. Inputs besides:
# RUN.
# shellcheck shell=sh disable=SC2154

ours "$INTO" || exit 0
steady
discard "$INTO"

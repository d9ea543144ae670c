# Makes the repository where there is none.
# shellcheck shell=sh disable=SC2154

ready
once cat config --no-lock >/dev/null
code=$?
[ "$code" != 0 ] || exit 0
nothing "$code" || die "$(why "$code")"
once init >/dev/null || die "$(why "$?")"
once cat config --no-lock >/dev/null || die "made, and cannot be opened: $(why "$?")"

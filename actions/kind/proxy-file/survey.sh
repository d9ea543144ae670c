# Whether the file could be changed, and what is there is well.
# shellcheck shell=sh disable=SC2154
[ -d "${FILE%/*}" ] || die "${FILE%/*} is not there"
[ -w "${FILE%/*}" ] || die "${FILE%/*} cannot be written to"
if [ -n "$TEST" ]; then
    said=$(/bin/sh -c "$TEST" 2>&1) || die "the configuration that is there does not pass its test: $(printf '%s' "$said" | tail -n 1)"
fi

# Puts the copy in $FROM in the place of what is there, of which a dump is made
# and read back first. Collections that the copy does not have stay. The server
# goes on running; whoever uses it should not meanwhile.
# shellcheck shell=sh disable=SC2154
whole "$FROM"
if [ ! -s "$aside/whole" ]; then
    need=$(printf '%s' "$said" | sed -n 's/.*"bytes":\([0-9]*\).*/\1/p')
    mkdir -p "$aside" || exit 1
    free=$(free_at "$aside")
    [ "$free" -gt "${need:-0}" ] || die "$aside has $free bytes free, and ${need:-0} may be needed to set aside what is there"
    dump "$aside"
fi
: >"$aside/begun" || exit 1
bring "$FROM"

# Whether the floating address can be moved now.
# shellcheck shell=sh disable=SC2154
numbers
holder
[ "$(at "$doc" .blocked)" != true ] || die "the floating address $FLOATING ($ip) is blocked by the cloud: see its console"
name=nobody
if [ "$holder" != none ]; then
    name=$(host_of "$holder")
    [ -n "$name" ] || die "the floating address $FLOATING ($ip) is assigned to server $holder, which is no host that the service runs on: set servers"
fi
printf '@was %s\n@seen %s (%s) is assigned to %s\n' "$holder" "$FLOATING" "$ip" "$name"

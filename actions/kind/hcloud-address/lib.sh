# What is common to moving a floating address. Inputs: FLOATING (its name or id).
# shellcheck shell=sh disable=SC2034,SC2154

# holder leaves in $holder the id of the server that has the address, "none" for
# none.
holder() {
    describe floating-ip "$FLOATING"
    holder=$(at "$doc" .server)
    ip=$(at "$doc" .ip)
    [ "$holder" != null ] || holder=none
    case $holder in none) ;; '' | *[!0-9]*) die "the cloud does not say who has the floating address $FLOATING: $holder" ;; esac
}

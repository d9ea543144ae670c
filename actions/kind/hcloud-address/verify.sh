# Exit 0 when the cloud says that the new host has the floating address.
# shellcheck shell=sh disable=SC2154
number "$TO"
want=$id
until=$(($(date +%s) + WAIT))
while :; do
    holder
    [ "$holder" != "$want" ] || exit 0
    [ "$(date +%s)" -lt "$until" ] || die "the floating address $FLOATING ($ip) is assigned to server $holder and not to $want ($server)"
    sleep 1
done

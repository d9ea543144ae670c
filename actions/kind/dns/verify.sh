# Exit 0 when the name leads to the new host and to no other. Inputs: TO_ADDRESS,
# WAIT (seconds).
# shellcheck shell=sh disable=SC2154
until=$(($(date +%s) + WAIT))
while :; do
    now=$(answer | sort -u)
    [ "$now" != "$TO_ADDRESS" ] || exit 0
    [ "$(date +%s)" -lt "$until" ] || die "$RECORD leads to ${now:-nothing} and not to $TO_ADDRESS"
    sleep 2
done

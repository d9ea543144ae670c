# How a migration is waited for; behind move.sh. Input: LIMIT (seconds).
# shellcheck shell=sh disable=SC2154

# settle waits for a migration that is under way, which locks the guest. One that
# was begun by somebody whose end nobody saw is not begun a second time.
settle() {
    until=$(($(date +%s) + LIMIT))
    while grep -q '^lock: *migrate' "$pve"/nodes/*/"$FOLDER/$GUEST.conf" 2>/dev/null; do
        [ "$(date +%s)" -lt "$until" ] ||
            die "guest $GUEST is locked by a migration for more than $LIMIT s: see pvenode task list --vmid $GUEST, and $TOOL unlock $GUEST when none runs"
        sleep 2
    done
}

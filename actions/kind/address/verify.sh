# Exit 0 when the address is where it is to be. Input: WAIT (seconds).
# shellcheck shell=sh disable=SC2154
until=$(($(date +%s) + WAIT))
while :; do
    if held; then
        here=yes
    else
        here=no
    fi
    case $TO/$here in
    "${HERE:?}"/yes) exit 0 ;;
    "$HERE"/no) why="$bare is not here" ;;
    */no) exit 0 ;;
    *) why="$bare is still here" ;;
    esac
    [ "$(date +%s)" -lt "$until" ] || die "$why"
    sleep 1
done

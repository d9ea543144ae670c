# Starts the server and waits until it answers.
# shellcheck shell=sh disable=SC2154
locate
recall
if systemd; then
    systemctl --no-ask-password start "$UNIT" || die "$UNIT does not start: see its log"
elif [ -z "$(holder "$DATA")" ]; then
    (owner setsid "$server" ${CONFIG:+--defaults-file="$CONFIG"}) >/dev/null 2>&1 </dev/null &
fi
tries=0
while :; do
    case $(up) in up | denied) break ;; esac
    tries=$((tries + 1))
    [ "$tries" -lt 1200 ] || die 'it does not answer: see its log'
    pause
done

# Stops the active server for good, everything handed over, and says where it
# ended. Its configuration makes it refuse writes should anything start it.
# Input: WAIT (seconds).
# shellcheck shell=sh disable=SC2154
is=$(condition)
case $is in
stopped)
    recall || die "no server runs on port $SERVER_PORT, and none was stopped by jurymast"
    ;;
standby) die "the server on port $SERVER_PORT is a standby and no active one" ;;
active | fenced)
    remember
    recall
    # Writes wait, and those that come later are refused. The pause ends by
    # itself should this be cut off.
    paused=$(cli CLIENT PAUSE $((WAIT * 1000)) WRITE)
    # Before 6.2 nothing makes writes alone wait: they are refused from here on.
    [ "$paused" = OK ] || set_to min-replicas-to-write "$fenced"
    # let_go has it take writes again.
    let_go() {
        cli CLIENT UNPAUSE >/dev/null
        [ "$paused" = OK ] || [ "$is" = fenced ] || set_to min-replicas-to-write "${wanted:-0}"
    }
    at=$(info replication master_repl_offset)
    case $at in
    '' | *[!0-9]*)
        let_go
        die "it does not say how far it is: ${at:-nothing}"
        ;;
    esac
    until=$(($(date +%s) + WAIT))
    # The offset goes on by pings alone; a replica that has passed $at has all.
    until cli INFO replication | awk -F '[=,]' -v at="$at" '/^slave[0-9]+:/ { for (i = 1; i < NF; i++) if ($i == "offset" && $(i + 1) >= at) found = 1 } END { exit !found }'; do
        if [ "$(date +%s)" -ge "$until" ]; then
            let_go
            die 'no replica has everything that was written'
        fi
        pause
    done
    set_to min-replicas-to-write "$fenced"
    keep
    echo "position $at" >>"$memory"
    stop || die 'it does not stop'
    ;;
*) die "the server on port $SERVER_PORT cannot be asked: it is $is" ;;
esac
if systemd; then
    systemctl --no-ask-password mask "$UNIT" || die "$UNIT cannot be masked"
fi
echo "@position $(sed -n 's/^position //p' "$memory")"

# Brings the guest to this node and starts it. A node that the cluster sees hands
# it over itself; that of a node which it does not see is taken, which is only
# right once that node is known to be off.
# shellcheck shell=sh disable=SC2154
quorum || die 'the cluster has no quorum: nothing can be started or moved (pvecm status)'
! managed || die "HA manages $SID: use ha-manager crm-command migrate"
who=$(owner) || exit 1
if [ "$who" != "$me" ] && online "$who"; then
    now=$(timeout 60 pvesh get "/nodes/$who/$API/$GUEST/status/current" --output-format json 2>/dev/null)
    case $now in
    *'"status":"stopped"'*) ;;
    *) die "guest $GUEST is not seen to be stopped on $who" ;;
    esac
    # pvesh ends with 0 whatever became of the task, and in older versions with
    # an error of its own where another node did as it was told: what counts is
    # the end of the task, or else where the guest is.
    said=$(pvesh create "/nodes/$who/$API/$GUEST/migrate" --target "$me" --output-format json 2>&1 </dev/null)
    task=$(printf '%s\n' "$said" | grep -o 'UPID:[A-Za-z0-9:@!._-]*' | tail -n 1)
    while [ -n "$task" ]; do
        now=$(timeout 60 pvesh get "/nodes/$who/tasks/$task/status" --output-format json 2>&1 </dev/null) || die "task $task is not known: $now"
        case $now in
        *'"status":"stopped"'*)
            end=$(printf '%s\n' "$now" | sed -n 's/.*"exitstatus":"\([^"]*\)".*/\1/p')
            case $end in
            OK | 'WARNINGS: '*) break ;;
            esac
            die "$who did not hand guest $GUEST over: ${end:-it does not say why}; see pvenode task log $task"
            ;;
        *'"status":"running"'*) sleep 1 ;;
        *) die "what became of task $task is not understood: $now" ;;
        esac
    done
    now=$(owner) || exit 1
    [ "$now" = "$me" ] || die "$who did not hand guest $GUEST over: $(printf '%s' "$said" | tail -n 1)"
elif [ "$who" != "$me" ]; then
    mv "$pve/nodes/$who/$FOLDER/$GUEST.conf" "$pve/nodes/$me/$FOLDER/$GUEST.conf" || die "guest $GUEST cannot be taken from $who"
    # What locked it died with its node.
    [ -z "$(setting lock)" ] || timeout 60 "$TOOL" unlock "$GUEST" || die "guest $GUEST stays locked"
fi
who=$(owner) || exit 1
[ "$who" = "$me" ] || die "guest $GUEST is still on $who"
if [ "${SAID_ONBOOT-}" = 1 ]; then
    timeout 60 "$TOOL" set "$GUEST" --onboot 1 >/dev/null || die "guest $GUEST cannot be let start with its node"
fi
start
rm -f "$held"

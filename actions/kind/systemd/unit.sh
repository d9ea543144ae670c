# What the scripts that act on a unit have in common, behind files/lib.sh.
# Input: UNIT.
# shellcheck shell=sh disable=SC2154

SYSTEMD_COLORS=0
SYSTEMD_PAGER=
export SYSTEMD_COLORS SYSTEMD_PAGER

property() { systemctl show "$UNIT" -p "$1" 2>/dev/null </dev/null | sed -n "s/^$1=//p"; }

# known ends it when there is no such unit: one that systemd does not know reads
# as stopped, with a good result.
known() {
    command -v systemctl >/dev/null || die "there is no systemd here"
    loaded=$(property LoadState)
    case $loaded in
    loaded) ;;
    not-found) die "there is no such unit: $UNIT" ;;
    '') die "systemd does not answer" ;;
    *) die "systemd cannot load $UNIT: $loaded" ;;
    esac
}

# unit_stop stops the unit and sees it stopped.
unit_stop() {
    systemctl stop "$UNIT" </dev/null || die "$UNIT does not stop"
    state=$(property ActiveState)
    case $state in
    inactive | failed) ;;
    *) die "$UNIT was stopped, and is ${state:-not known to be so}" ;;
    esac
}

# unit_start starts the unit and sees it running for a moment: one that ends at
# once has been started, too.
unit_start() {
    systemctl start "$UNIT" </dev/null || die "$UNIT does not start: systemctl status $UNIT"
    unit_runs
}

unit_runs() {
    before=$(property NRestarts)
    [ "$(property Type)" != oneshot ] || [ "$(property RemainAfterExit)" = yes ] || return 0
    for second in 1 2; do
        state=$(property ActiveState)
        [ "$state" = active ] || die "$UNIT is ${state:-not known to run} ($(property Result))"
        [ "$second" = 2 ] || sleep 2
    done
    [ "$(property NRestarts)" = "$before" ] || die "$UNIT is restarted again and again"
}

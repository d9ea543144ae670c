# Takes the unit down on this host for good: it is stopped, does not start by
# itself, and its shares are unmounted. Says @enabled: what it was.
# shellcheck shell=sh disable=SC2154
known
keep_at "moved-$UNIT"
if [ ! -e "$held" ]; then
    case $(property UnitFileState) in
    enabled) echo enabled >"$held.part" ;;
    *) echo other >"$held.part" ;;
    esac
    sync
    mv "$held.part" "$held" || exit 1
fi
if [ "$(cat "$held")" = enabled ]; then
    systemctl disable "$UNIT" </dev/null 2>/dev/null || die "$UNIT cannot be kept from starting by itself"
    echo '@enabled yes'
fi
unit_stop
sync
each_share share_unmount

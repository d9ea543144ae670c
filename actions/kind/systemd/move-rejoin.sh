# Makes this host a standby: the unit does not run here, does not start by
# itself, and its shares are unmounted. Where a person or a fence has masked it,
# it is unmasked: nothing starts it between that and the next line but one.
# shellcheck shell=sh disable=SC2154
if [ "$(property LoadState)" = masked ]; then
    systemctl unmask "$UNIT" </dev/null 2>/dev/null || die "$UNIT is masked and cannot be unmasked"
fi
known
keep_at "moved-$UNIT"
case $(property UnitFileState) in
enabled | enabled-runtime) systemctl disable "$UNIT" </dev/null 2>/dev/null || die "$UNIT cannot be kept from starting by itself" ;;
esac
unit_stop
each_share share_unmount || exit 1
rm -f "$held"

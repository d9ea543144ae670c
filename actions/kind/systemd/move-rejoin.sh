# Makes this host a standby: the unit does not run here, does not start by
# itself, and its shares are unmounted.
# shellcheck shell=sh disable=SC2154
known
keep_at "moved-$UNIT"
case $(property UnitFileState) in
enabled | enabled-runtime) systemctl disable "$UNIT" </dev/null 2>/dev/null || die "$UNIT cannot be kept from starting by itself" ;;
esac
unit_stop
each_share share_unmount || exit 1
rm -f "$held"

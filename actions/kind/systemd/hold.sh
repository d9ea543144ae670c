# Stops the unit while its data is copied, and notes that it ran.
# Input besides: RUN.
# shellcheck shell=sh disable=SC2154
known
keep_at "$UNIT-$RUN"
if [ ! -e "$held" ]; then
    case $(property ActiveState) in
    active | activating | reloading) echo ran >"$held.part" ;;
    *) echo stopped >"$held.part" ;;
    esac
    mv "$held.part" "$held" || exit 1
fi
unit_stop

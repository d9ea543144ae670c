# Stops the unit while its data is copied, and notes that it ran.
# Input besides: RUN.
# shellcheck shell=sh disable=SC2154
known
keep_at "$UNIT-$RUN"
if [ ! -e "$held" ]; then
    is=$(property ActiveState)
    case $is in
    active | activating | reloading | refreshing) echo ran >"$held.part" ;;
    inactive | failed | deactivating) echo stopped >"$held.part" ;;
    *) die "whether $UNIT runs is not known: it is ${is:-in no state that systemd tells}" ;;
    esac
    mv "$held.part" "$held" || exit 1
fi
unit_stop

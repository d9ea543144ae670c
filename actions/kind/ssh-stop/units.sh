# Units that are kept from running. Inputs: UNITS (a line each), DO (survey, stop,
# verify or release).
# shellcheck shell=sh disable=SC2154
command -v systemctl >/dev/null || die 'there is no systemd here'
show() {
    systemctl show --no-pager -p "$1" "$2" | sed -n "s/^$1=//p"
}
for u in $UNITS; do
    load=$(show LoadState "$u") || die "$u cannot be asked about"
    case $DO in
    survey)
        case $load in loaded | masked) ;; *) die "there is no unit $u here ($load)" ;; esac
        ;;
    stop)
        case $load in loaded | masked) ;; *) die "there is no unit $u here ($load)" ;; esac
        systemctl --no-ask-password stop "$u" || die "$u does not stop"
        systemctl --no-ask-password mask "$u" || die "$u cannot be masked"
        ;;
    verify)
        # A unit that is not known reads inactive as well.
        [ "$load" = masked ] || die "$u is not masked ($load)"
        case $(show ActiveState "$u") in
        inactive | failed) ;;
        *) die "$u is $(show ActiveState "$u")" ;;
        esac
        case $(show MainPID "$u") in '' | 0) ;; *) die "$u still has a process" ;; esac
        ;;
    release) systemctl --no-ask-password unmask "$u" || die "$u cannot be unmasked" ;;
    esac
done

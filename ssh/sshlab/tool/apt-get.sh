#!/bin/sh
# apt-get: -s dist-upgrade or upgrade prints lab/updates, without -s root has
# installed them; update does nothing; the rest is refused.
case " $* " in
*' -s '*'upgrade '* | *' --simulate '*'upgrade '*)
    echo 'NOTE: This is only a simulation!'
    cat "${JURYMAST_ROOT:?}/lab/updates"
    ;;
*'upgrade '*)
    if [ "$(id -u)" != 0 ]; then
        echo 'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)' >&2
        exit 100
    fi
    echo "$(grep -c '^Inst ' "${JURYMAST_ROOT:?}/lab/updates") upgraded, 0 newly installed, 0 to remove and 0 not upgraded."
    : >"$JURYMAST_ROOT/lab/updates"
    ;;
*' update '*) ;;
*)
    echo 'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)' >&2
    exit 100
    ;;
esac

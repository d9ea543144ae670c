#!/bin/sh
# apt-get: -s dist-upgrade or upgrade prints lab/updates; update does nothing;
# the rest is refused.
case " $* " in
*' -s '*'upgrade '* | *' --simulate '*'upgrade '*)
    echo 'NOTE: This is only a simulation!'
    cat "${JURYMAST_ROOT:?}/lab/updates"
    ;;
*' update '*) ;;
*)
    echo 'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)' >&2
    exit 100
    ;;
esac

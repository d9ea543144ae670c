# Lists the units that systemd says have failed, and its own state.
# shellcheck shell=sh

LC_ALL=C
SYSTEMD_COLORS=0
export LC_ALL SYSTEMD_COLORS
R=${JURYMAST_ROOT-}

if ! command -v systemctl >/dev/null || [ ! -d "$R/run/systemd/system" ]; then
    echo none
    exit 0
fi
echo systemd
systemctl show --property=SystemState --property=NFailedUnits --property=NJobs --no-pager || exit 1
echo units
systemctl list-units --failed --all --plain --no-legend --no-pager || exit 1
echo end

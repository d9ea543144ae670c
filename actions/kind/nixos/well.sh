# Exit 0 when no unit has failed.
# shellcheck shell=sh disable=SC2154
failed=$(systemctl list-units --failed --plain --no-legend --no-pager </dev/null) || die 'systemd does not answer'
[ -z "$failed" ] || die "failed: $(printf '%s\n' "$failed" | awk '{ print $1 }' | tr '\n' ' ')"

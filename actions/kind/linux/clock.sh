# Says what the machine's clock shows, and what keeps it right.
# shellcheck shell=sh

LC_ALL=C
export LC_ALL

printf 'now %s\n' "$(date +%s)"
if command -v chronyc >/dev/null; then
    if out=$(chronyc -n -c tracking 2>&1); then
        printf 'chrony %s\n' "$out"
    else
        printf 'chronyfailed %s\n' "$out"
    fi
elif command -v timedatectl >/dev/null; then
    if out=$(timedatectl show -p NTP -p NTPSynchronized 2>&1); then
        printf '%s\n' "$out"
    else
        printf 'timedatefailed %s\n' "$out"
    fi
fi
echo end

# Says what systemd knows of a unit; of a timer, also of what it starts.
# Input: UNIT.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
SYSTEMD_COLORS=0
export LC_ALL SYSTEMD_COLORS

if ! command -v systemctl >/dev/null; then
    echo missing
    exit 0
fi

# Before systemd 247 there is no --timestamp: then times are left out.
show() {
    systemctl show "$1" --no-pager --timestamp=unix -p Id -p Type -p LoadState -p ActiveState -p SubState -p Result -p NRestarts \
        -p ExecMainStatus -p UnitFileState -p Unit -p ActiveEnterTimestamp -p InactiveEnterTimestamp -p LastTriggerUSec 2>/dev/null ||
        systemctl show "$1" --no-pager -p Id -p Type -p LoadState -p ActiveState -p SubState -p Result -p NRestarts \
            -p ExecMainStatus -p UnitFileState -p Unit
}

echo '== unit'
out=$(show "$UNIT" 2>&1)
code=$?
printf '%s\n' "$out"
if [ "$code" != 0 ]; then
    echo "== failed $code"
    exit 0
fi
case $UNIT in
*.timer)
    starts=$(printf '%s\n' "$out" | sed -n 's/^Unit=//p')
    if [ -n "$starts" ]; then
        echo '== starts'
        show "$starts"
    fi
    ;;
esac
echo '== end'

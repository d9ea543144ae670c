# Behind files/back.sh: the server reads what is there again, if it runs and that
# is right. One that has never read anything else serves it all the time.
# shellcheck shell=sh disable=SC2154
if runs && tested >/dev/null 2>&1; then
    applied
fi

# Starts server $INTO, which this run has made of a copy, behind its wall. Says @level
# and @proof. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

exists "$INTO" || die "there is no server $INTO"
ours || die "server $INTO was not made by run $RUN"
until=$(($(date +%s) + WAIT))
until (enclosed) 2>"$tmp/why"; do
    [ "$(date +%s)" -lt "$until" ] || die "$(tail -n 1 "$tmp/why")"
    sleep 1
    exists "$INTO" || die "server $INTO is gone"
done
lives "$INTO"

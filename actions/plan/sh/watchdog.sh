# The watchdog of a hold, detached from everything. It has what watch.sh exports.
# It waits until nothing was heard of the run for JM_LIMIT seconds, counted by
# sleeping and not by the clock, which may be set; that the run's lease is
# renewed shows that its controller lives. Then it lets go, once.
# shellcheck shell=sh disable=SC2154,SC2153
LC_ALL=C
export LC_ALL
trap '' HUP
umask 022
cd / || exit 1

# jm_lease: sets jm_until to when the run's lease ends, and fails when the
# target is another's.
jm_lease() {
    jm_until=''
    for jm_t in $JM_TARGETS; do
        jm_mine=''
        for jm_top in "${JURYMAST_ROOT-}/var/lib/jurymast" "${XDG_STATE_HOME:-${HOME-}/.local/state}/jurymast"; do
            read -r _ jm_run jm_end _ 2>/dev/null <"$jm_top/lease/$jm_t" || continue
            if [ "$jm_run" = "$RUN" ]; then
                jm_mine=yes jm_until=$jm_end
                break
            fi
            jm_mine=no
        done
        [ "$jm_mine" != no ] || return 1
    done
}

# jm_claim WHO: whether it is on us to let go.
jm_claim() {
    set -C
    { echo "$1 $(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$jm_watch/gone.$jm_token"; } 2>/dev/null || exit 0
    set +C
    sync "$jm_watch/gone.$jm_token" 2>/dev/null
}

echo "$jm_token $$ $jm_booted" >"$jm_watch/armed.$jm_token" && mv -f "$jm_watch/armed.$jm_token" "$jm_watch/armed" || exit 1
jm_nap=5
[ "$JM_LIMIT" -ge 100 ] || jm_nap=1
jm_left=$JM_LIMIT jm_heard=''
while [ "$jm_left" -gt 0 ]; do
    sleep "$jm_nap"
    jm_left=$((jm_left - jm_nap))
    read -r jm_armed _ 2>/dev/null <"$jm_watch/armed" && [ "$jm_armed" = "$jm_token" ] && [ ! -e "$jm_watch/gone.$jm_token" ] || exit 0
    if ! jm_lease; then
        # Who has the target now may have changed what letting go would break.
        jm_claim other
        exit 0
    fi
    if [ "$jm_until" != "$jm_heard" ] && [ "$jm_until" != 0 ]; then
        jm_left=$JM_LIMIT jm_heard=$jm_until
    fi
done
jm_claim host
jm_tries=0
while :; do
    (eval "$JM_FREE") </dev/null >/dev/null 2>&1
    jm_code=$?
    jm_tries=$((jm_tries + 1))
    if [ "$jm_code" = 0 ] || [ "$jm_tries" -ge 5 ]; then
        break
    fi
    sleep 10
done
echo "$jm_code" >"$jm_watch/let.$jm_token"

# Ahead of what holds data still: starts a watchdog on the host, which lets go
# of it where nothing is heard of the run for too long. watched.sh stands in
# front. Inputs besides: JM_LIMIT (seconds), JM_FREE (the text that lets go),
# JM_WATCHDOG (the text that waits), JM_TARGETS (whose leases show that the
# controller lives).
# shellcheck shell=sh disable=SC2154,SC2153,SC2034
jm_arm() {
    umask 022
    if jm_watched && read -r jm_who _ 2>/dev/null <"$jm_watch/gone.$jm_token" && [ "$jm_who" = host ]; then
        jm_settled # it is held anew
    fi
    jm_top=${JURYMAST_ROOT-}/var/lib/jurymast
    if [ "$(id -u)" != 0 ]; then
        jm_top=${XDG_STATE_HOME:-${HOME:?}/.local/state}/jurymast
    fi
    jm_watch=$jm_top/watch/$JM_WATCH.$RUN
    jm_boot
    for jm_other in "$jm_top/watch/$JM_WATCH".*; do
        if [ "$jm_other" != "$jm_watch" ] && read -r jm_token jm_pid jm_was 2>/dev/null <"$jm_other/armed" &&
            [ "$jm_was" = "$jm_booted" ] && [ ! -e "$jm_other/gone.$jm_token" ] && kill -0 "$jm_pid" 2>/dev/null; then
            mkdir -p "$jm_watch" && : >"$jm_watch/refused"
            echo "it is held still already, for run ${jm_other#"$jm_top/watch/$JM_WATCH."}: resume or undo that, or wait until the host lets go of it" >&2
            exit 1
        fi
    done
    mkdir -p "$jm_watch" && rm -f "$jm_watch/refused" || exit 1
    jm_token=$(date +%s).$$
    if command -v setsid >/dev/null 2>&1; then
        jm_detach='setsid'
    elif command -v daemon >/dev/null 2>&1; then
        jm_detach='daemon'
    else
        jm_detach='nohup'
        set -m 2>/dev/null # a group of its own
    fi
    (
        export jm_watch jm_token jm_booted RUN JM_LIMIT JM_FREE JM_TARGETS
        exec "$jm_detach" /bin/sh -c "$JM_WATCHDOG" jurymast-watch
    ) </dev/null >/dev/null 2>&1 &
    jm_left=200 jm_armed=''
    until read -r jm_armed _ 2>/dev/null <"$jm_watch/armed" && [ "$jm_armed" = "$jm_token" ]; do
        jm_left=$((jm_left - 1))
        if [ "$jm_left" -le 0 ]; then
            echo "its watchdog does not start, so it is not held still" >&2
            exit 1
        fi
        sleep 0.05 2>/dev/null || sleep 1
    done
}
JM_TARGETS=${JM_TARGETS-}
jm_arm

# Where it is kept that data is held still. Inputs: RUN, JM_WATCH (the target),
# JM_WHOLE (the text that tells whether what holds it is whole; empty for none).
#   armed       TOKEN PID BOOT: the host's own watchdog for this hold
#   gone.TOKEN  WHO WHEN: who let go of it first, made once: run, host or other
#   let.TOKEN   how the host's own letting go ended
#   refused     it was not held at all, since another run holds it
# shellcheck shell=sh disable=SC2154,SC2153,SC2034

# jm_boot: sets jm_booted to what names this boot.
jm_boot() {
    read -r jm_booted 2>/dev/null <"${JURYMAST_ROOT-}/proc/sys/kernel/random/boot_id" ||
        jm_booted=$(sysctl -n kern.boottime 2>/dev/null) || jm_booted=unknown
}

# jm_watched: finds the watch of this run, where there is one. It lies with the
# system where root holds the data, else with the user.
jm_watched() {
    for jm_top in "${JURYMAST_ROOT-}/var/lib/jurymast" "${XDG_STATE_HOME:-${HOME-}/.local/state}/jurymast"; do
        jm_watch=$jm_top/watch/$JM_WATCH.$RUN
        if [ -d "$jm_watch" ]; then
            read -r jm_token jm_pid jm_was 2>/dev/null <"$jm_watch/armed"
            return
        fi
    done
    return 1
}

# jm_unheld: whether it is not held still any more, or not known to be, and why.
jm_unheld() {
    if ! jm_watched; then
        jm_why='it is not known whether it is still held'
        return 0
    fi
    jm_boot
    if [ "$jm_was" != "$jm_booted" ]; then
        jm_why='the host was started anew since it was held'
        return 0
    fi
    read -r jm_who jm_when 2>/dev/null <"$jm_watch/gone.$jm_token" || {
        jm_spoiled
        return
    }
    case $jm_who in
    host) jm_why="let go by the host itself at $jm_when" ;;
    other) jm_why="taken by another run at $jm_when" ;;
    *) jm_why="let go at $jm_when" ;;
    esac
}

# jm_spoiled: whether what holds it is not whole, or not known to be, and why.
jm_spoiled() {
    [ -n "${JM_WHOLE-}" ] || return 1
    jm_why=$(eval "$JM_WHOLE" 2>&1 </dev/null) && return 1
    jm_why=$(printf '%s\n' "$jm_why" | tail -n 1)
    jm_why=${jm_why:-it is not known whether what holds it is whole}
}

# jm_settled: waits while the host is letting go by itself, which it tries for
# not quite a minute.
jm_settled() {
    jm_left=90
    while [ "$jm_left" -gt 0 ] && [ ! -e "$jm_watch/let.$jm_token" ] && kill -0 "$jm_pid" 2>/dev/null; do
        jm_left=$((jm_left - 1))
        sleep 1
    done
}

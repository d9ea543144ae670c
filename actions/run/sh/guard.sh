# Ahead of every act: it is refused when its lease is no longer the newest.
# Inputs: JM_TARGETS, JM_EPOCH, RUN. A lease lies with the system where a step of
# the run on this host needs root, else with the user: acts of both look there.
# shellcheck shell=sh disable=SC2154,SC2034,SC2153
jm_guard() {
    for jm_t in $JM_TARGETS; do
        jm_is=''
        for jm_top in "${JURYMAST_ROOT-}/var/lib/jurymast" "${XDG_STATE_HOME:-${HOME-}/.local/state}/jurymast"; do
            jm_epoch='' jm_run=''
            read -r jm_epoch jm_run jm_rest 2>/dev/null <"$jm_top/lease/$jm_t" || continue
            if [ "$jm_run" = "$RUN" ] && [ "$jm_epoch" = "$JM_EPOCH" ]; then
                continue 2
            fi
            jm_is="run $jm_run (epoch $jm_epoch)"
        done
        echo "refused: $jm_t is now held by ${jm_is:-no run}, not by run $RUN (epoch $JM_EPOCH)" >&2
        exit 79
    done
    unset jm_top jm_t jm_epoch jm_run jm_rest jm_is
}
jm_guard

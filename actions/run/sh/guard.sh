# Ahead of every act: it is refused when its lease is no longer the newest.
# Inputs: JM_TARGETS, JM_EPOCH, RUN.
# shellcheck shell=sh disable=SC2154,SC2034,SC2153
jm_guard() {
    jm_top=${JURYMAST_ROOT-}/var/lib/jurymast
    if [ "$(id -u)" != 0 ]; then
        jm_top=${XDG_STATE_HOME:-${HOME:?}/.local/state}/jurymast
    fi
    for jm_t in $JM_TARGETS; do
        jm_epoch='' jm_run=''
        read -r jm_epoch jm_run jm_rest 2>/dev/null <"$jm_top/lease/$jm_t"
        if [ "$jm_run" != "$RUN" ] || [ "$jm_epoch" != "$JM_EPOCH" ]; then
            echo "refused: $jm_t is now held by run ${jm_run:-none} (epoch ${jm_epoch:-0}), not by run $RUN (epoch $JM_EPOCH)" >&2
            exit 79
        fi
    done
    unset jm_top jm_t jm_epoch jm_run jm_rest
}
jm_guard

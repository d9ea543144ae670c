# scratch sets $drill to the folder of the drill's server, unscratch ends the
# server and removes it. Inputs: SCRATCH, ASIDE.
# shellcheck shell=sh disable=SC2154,SC2034
scratch() {
    case $ASIDE in
    .jurymast-?*) ;;
    *) die 'no run is named' ;;
    esac
    drill=$SCRATCH/postgres$ASIDE
}

unscratch() {
    [ -d "$drill" ] || return 0
    if [ -e "$drill/data/postmaster.pid" ]; then
        owner "$BIN/pg_ctl" stop -D "$drill/data" -s -w -m immediate >/dev/null 2>&1
        if owner "$BIN/pg_ctl" status -D "$drill/data" >/dev/null 2>&1; then
            return 1
        fi
    fi
    rm -rf "$drill"
}

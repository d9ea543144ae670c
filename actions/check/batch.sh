# Runs the checks of one host and frames their answers.
#
# Inputs, as assignments ahead of this text:
#   jm_nonce     the word that begins every mark
#   jm_lanes     lists of checks by number: "0,2 1,3". Lanes run side by side,
#                the checks of a lane one after the other
#   jm_inner     text of inner.sh
#   jm_max       bytes kept of a check's standard output
#   jm_max_err   and of its standard error
#   jm_root      yes when a check needs root
#   jm_text_N    what check N runs, as the assignment of jm_body
#   jm_limit_N   its time limit in whole seconds
#   jm_sudo_N    yes when it needs root, never when it does and may not become it
#   jm_needs_N   numbers of checks without whose answer it is not run: "0 3"
#   jm_secret_N  assignments that must not be seen; not set when there are none
#
# A mark is a line of its own: ==NONCE WORD ARGUMENTS .
# What a check prints stands between "begin N" and "errors N", what it says on
# standard error between that and "end N". A check without an "end" mark, with
# no "code" mark or with a "left" mark that is not 0 has not answered.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
unset IFS CDPATH ENV BASH_ENV

jm_mark() { printf '\n==%s %s .\n' "$jm_nonce" "$*"; }

# Hands text to a reader by a builtin: in argv it could be seen by others.
jm_put() { printf '%s\n' "$1"; }
case $(command -v printf) in
/*) jm_put() { print -r -- "$1"; } ;; # the Korn shells of the BSDs
esac

# Finds out how a check is held to its limit. jm_stop says how inner.sh ends
# what it began: "linger" leaves it to timeout, which kills its whole process
# group; busybox kills but one process, so inner.sh leads a session and kills
# that ("group"); "job" ends what it can.
jm_timeout='' jm_lead='' jm_stop=job
jm_find_timeout() {
    if command -v timeout >/dev/null; then
        case $(timeout --version 2>&1) in
        *GNU* | *uutils*) jm_timeout='timeout -k 2' jm_stop=linger ;;
        *BusyBox*SECS*' -k '* | *BusyBox*'[-k '*) jm_timeout='timeout -k 3' ;;
        *BusyBox*'-t SECS'*) jm_timeout='timeout -t' ;;
        *BusyBox*) jm_timeout='timeout' ;;
        *-k*) jm_timeout='timeout -k 2' jm_stop=linger ;;
        esac
        if [ "$jm_stop" = job ] && command -v setsid >/dev/null; then
            jm_lead=setsid jm_stop=group
        fi
    fi
    if [ -z "$jm_timeout" ] && command -v perl >/dev/null; then
        jm_timeout=perl jm_lead='' jm_stop=group
    fi
}

# Prints what check $1 answered on standard error, then how it ended. Its
# standard output goes to file 3.
# shellcheck disable=SC2086 # jm_timeout and jm_lead are lists of words or nothing
jm_run() {
    eval "jm_text=\${jm_secret_$1-}\$jm_text_$1\$jm_inner jm_limit=\$jm_limit_$1 jm_sudo=\$jm_sudo_$1"
    set -- /bin/sh -s "$jm_nonce" "$jm_max" "$jm_max_err" "$jm_stop"
    case $jm_timeout in
    perl) set -- perl -e 'setpgrp(0, 0); alarm(shift); exec(@ARGV) or exit(127)' "$jm_limit" "$@" ;;
    ?*) set -- $jm_timeout "$jm_limit" $jm_lead "$@" ;;
    esac
    if [ "$jm_sudo" != no ] && [ "$jm_uid" != 0 ]; then
        # The user may not signal what root runs: timeout must be on the inside.
        # shellcheck disable=SC2016
        case $jm_sudo in
        yes) set -- sudo -n /bin/sh -c 'exec "$@"' sh "$@" ;;
        *) set -- /bin/sh -c 'echo "it needs root, and the inventory says sudo = false" >&2; exit 1' ;;
        esac
    fi
    jm_job=''
    # A look that is called off takes its checks along: they are not in the
    # process group that is killed. wait, unlike a command, lets the trap run.
    trap '[ -z "$jm_job" ] || kill -s TERM "$jm_job" 2>/dev/null; exit 143' HUP INT TERM
    jm_put "$jm_text" 2>/dev/null | "$@" 2>&1 >&3 3>&- &
    jm_job=$!
    wait "$jm_job"
    jm_mark left "$?"
}

jm_look() {
    eval "jm_needs=\$jm_needs_$1"
    for jm_need in $jm_needs; do
        case " $jm_lost " in
        *" $jm_need "*)
            jm_lost="$jm_lost $1"
            jm_mark skip "$1" "$jm_need"
            return
            ;;
        esac
    done
    jm_mark begin "$1"
    { jm_errors=$(jm_run "$1" 2>/dev/null); } 3>&1
    jm_mark errors "$1"
    printf '%s\n' "$jm_errors"
    jm_mark end "$1"
    case $jm_errors in
    *"==$jm_nonce code "*"==$jm_nonce left 0 ."*) ;;
    *) jm_lost="$jm_lost $1" ;;
    esac
}

jm_lane() {
    jm_lost=''
    while [ -n "$1" ]; do
        jm_look "${1%%,*}"
        case $1 in
        *,*) set -- "${1#*,}" ;;
        *) set -- '' ;;
        esac
    done
}

# Each lane is a stage of one pipeline: it holds back what its checks answer,
# writes it in one piece and passes on what the stages before it wrote. So
# every pipe has one writer at a time, and frames cannot mix.
jm_run_lanes() {
    if [ $# -le 1 ]; then
        jm_lane "${1-}"
        return
    fi
    jm_mine=$1
    shift
    jm_run_lanes "$@" | {
        jm_own=$(jm_lane "$jm_mine" </dev/null)
        printf '%s\n' "$jm_own"
        cat
    }
}

jm_mark hello
if [ -n "$jm_lanes" ]; then
    jm_uid=0
    [ "$jm_root" != yes ] || jm_uid=$(id -u)
    jm_find_timeout
    # shellcheck disable=SC2086
    jm_run_lanes $jm_lanes
fi
jm_mark bye
exit 0

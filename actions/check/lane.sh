# Has checks run by workers (worker.sh), holds each to its limits and frames
# what they answer.
#
# Inputs, as assignments ahead of this text:
#   jm_nonce     the word that begins every mark
#   jm_worker    text of worker.sh
#   jm_max       bytes kept of a check's standard output
#   jm_max_err   and of its standard error
#   jm_most      workers side by side, at most
#   jm_text_N    for check N, the assignments of jm_body_N (what it runs),
#                jm_limit_N (whole seconds) and jm_needs_N (numbers of checks
#                without whose answer it is not run: "0 3")
#   jm_secret_N  the assignment of jm_keep_N: assignments that must not be seen,
#                made ahead of the body; not set when there are none
#
# A list of checks is "0,2+3,5": what needs each other is joined by a plus, what
# is needed first. "!2+3" says that 2 was run and gave no answer.
#
# A mark is a line of its own: ==NONCE WORD ARGUMENTS .
# What a check prints stands between "begin N" and "end N EXIT", which is not
# there when it was ended. What it says on standard error comes behind, between
# "errors N" and "code N EXIT", or "left N WHY" when it was not answered. A check
# that is not run is "skip N M".
#
# In the usual case one worker runs all checks one after the other. Each second a
# clock ticks: what waits behind a check that runs just then goes on in another
# worker beside it. So a check that is slow, or hangs, costs only itself.
# shellcheck shell=sh disable=SC2154,SC2030,SC2031 # jm_depth is meant for those below

LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
unset IFS CDPATH ENV BASH_ENV
jm_depth=1

# Stands ahead of a text that a shell is given. bash reads a pipe byte by byte:
# it is quicker to have it read by cat.
# shellcheck disable=SC2016
jm_quick='[ -z "${BASH_VERSION-}" ] || eval "$(cat)"
'

jm_mark() { printf '\n==%s %s .\n' "$jm_nonce" "$*"; }

# Hands text to a reader by a builtin: in argv it could be seen by others.
jm_put() { printf '%s\n' "$1"; }
case $(command -v printf) in
/*) jm_put() { print -r -- "$1"; } ;; # the Korn shells of the BSDs
esac

# Says of all checks of list $1 that they were not run, why in numbers ($2) and
# in words ($3).
jm_none() {
    IFS=',+!'
    for jm_n in $1; do
        [ -n "$jm_n" ] || continue
        unset IFS
        jm_mark errors "$jm_n"
        printf '%s\n' "$3"
        jm_mark left "$jm_n" "$2"
    done
    unset IFS
}

# A worker leads a process group, so that all that a check began can be ended
# together. jm_how says which: its own, its parent's, or none of its own.
if command -v setsid >/dev/null; then
    jm_how=own
elif command -v perl >/dev/null; then
    jm_how=perl
elif command -v timeout >/dev/null; then
    jm_how=parent # FreeBSD
else
    jm_how=none
fi
jm_lead() {
    case $jm_how in
    own) exec setsid "$@" ;;
    perl) exec perl -e 'setpgrp(0, 0); exec(@ARGV) or exit(127)' "$@" ;;
    parent) exec timeout 86400 "$@" ;;
    *) exec "$@" ;;
    esac
}

# Runs list $1: in one worker, and what that leaves in others beside it. They
# hold back what they have to say until it is done: one writer at a time, so
# that frames cannot mix. File 6 is the way of the lists that are left.
jm_stages() {
    [ -n "$1" ] || return 0
    {
        jm_work "$1" 6>&1 >&7 7>&- | {
            jm_own=''
            jm_depth=$((jm_depth + 1))
            while IFS= read -r jm_rest; do
                jm_own=$jm_own$(jm_stages "$jm_rest" </dev/null)
            done
            [ -z "$jm_own" ] || printf '%s\n' "$jm_own"
        } >&7 7>&-
    } 7>&1
}

# Runs list $1 in a worker. Its checks print to our standard output, what they
# say on standard error comes behind.
jm_work() {
    # Few say much. One that says all that it may must leave room for the others
    # in the answer of the host, which are run by another worker then.
    jm_all='' jm_room=$jm_max
    IFS=',+!'
    for jm_n in $1; do
        [ -n "$jm_n" ] || continue
        eval "jm_all=\$jm_all\${jm_secret_$jm_n-}\$jm_text_$jm_n"
        jm_room=$((jm_room + jm_max / 4 + 1024)) # and its marks
    done
    unset IFS
    { jm_errors=$(jm_begin "$1" 2>&1 >&5 5>&- 6>&- | jm_hear "$1" 5>&-); } 5>&1
    printf '\n%s\n' "$jm_errors" # what was printed may have ended within a line
}

# Starts the worker and the clock and waits until nothing can come of the worker
# any more. All marks go to standard error, which jm_hear reads.
jm_begin() {
    jm_clock >/dev/null &
    jm_aside clock "$!"
    jm_put "$jm_quick$jm_all$jm_worker" 2>/dev/null | jm_lead /bin/sh -s "$jm_nonce" "$1" "$jm_how" | jm_bound &
    jm_head=$!
    jm_aside head "$jm_head"
    # A look that is called off takes its checks along: they are not in the
    # process group that is killed. wait, unlike a command, lets the trap run.
    trap 'jm_aside off' HUP INT TERM
    wait "$jm_head"
    jm_aside gone
}

# Hands on at once what the checks print, up to jm_room bytes, or somewhat more:
# dd counts how often it reads, and of what comes bit by bit it reads little at a
# time. head would hold back the last answers until all is over.
jm_bound() { exec dd bs=128 count="$((jm_room / 128 + 8192))" 2>/dev/null; }

# A mark for jm_hear that may come while a check says something. Without a newline
# ahead it adds nothing to that.
jm_aside() { printf '==%s aside %s .\n' "$jm_nonce" "$*" >&2; }

jm_clock() {
    trap 'kill "$jm_nap" 2>/dev/null; exit 0' HUP INT TERM
    while :; do
        sleep 1 >/dev/null 2>&1 &
        jm_nap=$!
        wait "$jm_nap" || exit 0
        jm_aside tick
    done
}

# Reads what the worker for list $1 says on standard error, ends what takes too
# long, and prints the frames.
jm_hear() {
    trap '' HUP INT TERM PIPE
    jm_group='' jm_pid='' jm_clock='' jm_head='' # process ids
    jm_now=''                                    # the check that runs
    jm_left=0                                    # seconds until something is to be done about it
    jm_step=''                                   # what was done about it
    jm_late=''                                   # the mark that it gets instead of its own
    jm_rest=$1                                   # the checks behind it; a plus ahead: the first need its like
    jm_begun='' jm_said='' jm_part='' jm_kept=0
    while IFS= read -r jm_line; do
        jm_line=$jm_part$jm_line jm_part=''
        case $jm_line in
        *"==$jm_nonce aside "*" .")
            jm_part=${jm_line%%"==$jm_nonce aside "*}
            # shellcheck disable=SC2086 # words
            jm_heard ${jm_line#"$jm_part==$jm_nonce "} || break
            ;;
        "==$jm_nonce "*" .")
            # shellcheck disable=SC2086 # words
            jm_heard mark ${jm_line#"==$jm_nonce "}
            ;;
        *) jm_keep ;;
        esac
    done
    jm_over "$1"
}

# Takes a mark. Fails when there is nothing more to wait for.
jm_heard() {
    case $2 in
    clock) jm_clock=$3 ;;
    head) jm_head=$3 ;;
    at)
        jm_pid=$3 jm_group=${4%.}
        ;;
    run)
        # One second more: the next tick may come at once.
        jm_now=$3 jm_left=$(($4 + 1)) jm_rest=${5%.} jm_step='' jm_late='' jm_kept=0 jm_begun=yes
        printf '==%s errors %s .\n' "$jm_nonce" "$3"
        ;;
    rest)
        printf '%s\n' "$3" >&6
        jm_rest=${4%.}
        ;;
    code)
        # shellcheck disable=SC2086
        printf '==%s %s .\n' "$jm_nonce" "${jm_late:-code $3 $4}"
        case $jm_late$jm_rest in
        +*) jm_rest=${jm_rest#+} ;;
        *+*) jm_like "$3" ;;
        esac
        jm_now='' jm_left=0
        ;;
    skip) jm_mark skip "$3" "$4" ;;
    over)
        # What a check left behind may hold the worker's output.
        jm_rest='' jm_left=2 jm_step=''
        ;;
    off)
        jm_kill TERM
        sleep 1
        jm_kill KILL
        exit 0
        ;;
    tick) jm_tick ;;
    gone) return 1 ;;
    esac
}

# Check $1 gave no answer: those of its like that are left must know.
jm_like() {
    case $jm_rest in
    +*) jm_rest=!$1$jm_rest ;;
    esac
}

# Keeps a line that a check says on standard error. One that says too much is
# ended, as it is by a pipe that nobody reads.
jm_keep() {
    if [ -z "$jm_begun" ]; then
        jm_said=$jm_line
        return
    fi
    [ "$jm_kept" -lt "$jm_max_err" ] || return 0
    printf '%s\n' "$jm_line"
    jm_kept=$((jm_kept + ${#jm_line} + 1))
    if [ "$jm_kept" -ge "$jm_max_err" ] && [ -n "$jm_now" ]; then
        jm_late="code $jm_now 141" jm_step=TERM jm_left=2
        jm_kill TERM
    fi
}

# A second is over. Fails when nothing can be done any more.
jm_tick() {
    # Nothing to wait for: not begun, or between two checks.
    [ "$jm_left" -gt 0 ] || return 0
    case $jm_rest in
    +*,* | [!+]*) [ -z "$jm_now" ] || [ "$jm_depth" -ge "$jm_most" ] || kill -s USR1 "$jm_pid" ;;
    esac
    jm_left=$((jm_left - 1))
    [ "$jm_left" = 0 ] || return 0
    case $jm_step in
    '')
        [ -z "$jm_now" ] || jm_late="left $jm_now 124"
        jm_step=TERM jm_left=2
        jm_kill TERM
        ;;
    TERM)
        jm_step=KILL jm_left=1
        jm_kill KILL
        ;;
    *)
        # What cannot be killed holds the pipe to it.
        kill "$jm_head"
        return 1
        ;;
    esac
} 2>/dev/null

# Signals all that the worker began, and the worker.
jm_kill() {
    if [ -z "$jm_group" ] || ! kill "-$1" "-$jm_group"; then
        # What goes on leads no group: timeout of FreeBSD hands TERM on.
        [ -z "$jm_pid" ] || kill "-$1" "$jm_pid" ${jm_group:+"$jm_group"}
    fi
} 2>/dev/null

# Says what became of the checks whose worker is gone, and what is left to do.
jm_over() {
    kill "$jm_clock" 2>/dev/null
    if [ -z "$jm_begun" ]; then
        jm_none "$1" 127 "$jm_said"
        return
    fi
    if [ -n "$jm_now" ]; then
        jm_kill KILL
        jm_mark "${jm_late:-left $jm_now 137}"
        jm_like "$jm_now"
    fi
    [ -z "$jm_rest" ] || printf '%s\n' "$jm_rest" >&6
}

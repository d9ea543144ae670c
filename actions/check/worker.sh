# Runs checks one after the other, each in a shell of its own. Their texts come
# ahead of this one, on standard input: see lane.sh.
#
# $1 is the nonce of the marks, $2 the list of checks, $3 says which process
# group this runs in. What a check prints goes to standard output, with marks
# where it begins and, with its exit code, ends by itself; marks on standard error
# say what goes on:
#   at PID GROUP          where this runs; without GROUP it has none of its own
#   run N LIMIT REST      check N begins; REST are the checks behind it, with a
#                         plus ahead when the first of them hang together with N
#   code N EXIT           it ended
#   skip N M              it is not run, because M gave no answer
#   aside rest GIVEN REST GIVEN is left to others: on USR1, or because of what a
#                         check left running
#   over
# On TERM the check that runs is ended, and the next one begins.
# shellcheck shell=sh disable=SC2154,SC2317,SC2329 # texts come from outside, traps call functions

LC_ALL=C
export LC_ALL
jm_nonce=$1 jm_list=$2 jm_group=$$
case $3 in
parent) jm_group=$PPID ;;
none) jm_group='' ;;
esac
set --
jm_now='' jm_like='' jm_lost='' jm_dead='' jm_job='' jm_hit=''

jm_mark() { printf '\n==%s %s .\n' "$jm_nonce" "$*"; }

# The checks behind the one that runs.
jm_behind() { jm_behind=${jm_like:++$jm_dead$jm_like${jm_list:+,}}$jm_list; }

jm_give() {
    jm_hit=yes
    [ -n "$jm_now" ] && [ -n "$jm_list" ] || return 0
    jm_given=$jm_list jm_list=''
    jm_behind
    printf '==%s aside rest %s %s .\n' "$jm_nonce" "$jm_given" "$jm_behind" >&2
}
trap jm_give USR1

jm_stop() {
    jm_hit=yes jm_late=yes
    [ -z "$jm_now" ] || kill -s TERM "$jm_job" 2>/dev/null
}
trap jm_stop TERM

# Opens a pipe: file 9 is where it is read, file 8 where it is written. Only the
# check that runs and what it began are to hold file 9: once all of them have
# gone, file 8 cannot be written any more.
jm_tie() {
    exec 9<<X
.
X
    { command exec 8>/proc/self/fd/9; } 2>/dev/null
}

# Reports whether somebody holds file 9, and lets go of file 8.
jm_held() {
    jm_held=no
    if echo 2>/dev/null >&8; then jm_held=yes; fi
    exec 8>&-
    [ "$jm_held" = yes ]
}
trap : PIPE

# Linux can do so, unless its shell makes a file of what stands above (bash 5.0).
jm_tied=''
case $jm_list in
*[,+]*)
    if [ -d /proc/self/fd ] && jm_tie; then
        exec 9<&-
        jm_held || jm_tied=yes
    fi
    ;;
esac

# What a check left running may print while the next one runs, which therefore
# goes on in another worker: what comes from this one is nobody's from here on.
jm_leave() {
    jm_given=${jm_like:+$jm_dead$jm_like${jm_list:+,}}$jm_list
    jm_like='' jm_list=''
    [ -z "$jm_given" ] || printf '==%s aside rest %s  .\n' "$jm_nonce" "$jm_given" >&2
}

jm_lose() {
    jm_lost="$jm_lost $1 " jm_dead="$jm_dead!$1+"
}

jm_look() {
    eval "jm_limit=\$jm_limit_$jm_n jm_needs=\$jm_needs_$jm_n jm_text=\${jm_keep_$jm_n-}\$jm_body_$jm_n"
    for jm_need in $jm_needs; do
        case $jm_lost in
        *" $jm_need "*)
            jm_lose "$jm_n"
            jm_mark skip "$jm_n" "$jm_need" >&2
            return
            ;;
        esac
    done
    jm_behind
    jm_mark begin "$jm_n" || exit
    jm_mark run "$jm_n" "$jm_limit" "$jm_behind" >&2
    jm_late=''
    [ -z "$jm_tied" ] || jm_tie
    (eval "$jm_text") </dev/null 8>&- &
    jm_job=$! jm_now=$jm_n
    exec 9<&-
    jm_hit=''
    wait "$jm_job"
    jm_code=$?
    # A signal to this shell ends the waiting, with a code of its own. Where it came
    # after the end, there is no such job to wait for any more: 127.
    while [ -n "$jm_hit" ]; do
        jm_hit=''
        wait "$jm_job"
        jm_again=$?
        [ "$jm_again" = 127 ] && [ "$jm_code" -le 128 ] || jm_code=$jm_again
    done
    jm_now=''
    jm_mark code "$jm_n" "$jm_code" >&2
    if [ -n "$jm_late" ]; then
        jm_lose "$jm_n"
    else
        jm_mark end "$jm_n" "$jm_code" || exit
    fi
    [ -z "$jm_tied" ] || ! jm_held || jm_leave
}

jm_mark at "$$" "$jm_group" >&2
while [ -n "$jm_list" ]; do
    jm_like=${jm_list%%,*} jm_lost='' jm_dead=''
    case $jm_list in
    *,*) jm_list=${jm_list#*,} ;;
    *) jm_list='' ;;
    esac
    while [ -n "$jm_like" ]; do
        jm_n=${jm_like%%+*}
        case $jm_like in
        *+*) jm_like=${jm_like#*+} ;;
        *) jm_like='' ;;
        esac
        case $jm_n in
        !*) jm_lose "${jm_n#!}" ;;
        *) jm_look ;;
        esac
    done
done
jm_mark over >&2
exit 0

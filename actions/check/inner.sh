# Runs jm_body, keeps $2 bytes of what it prints and about $3 of its standard
# error, and writes a mark with its exit code behind the latter. $1 is the nonce
# of the marks. All of it comes on standard input, secrets and jm_body as
# assignments ahead of this text.
#
# It is what the time limit is set on: when that is over it gets TERM (ALRM
# from perl), and all that it began goes with it. $4 says how, see batch.sh.
# Nothing that jm_body leaves behind holds a pipe that is waited for: a process
# that cannot be killed costs only its own check.
# shellcheck shell=sh disable=SC2154,SC2317 # jm_body comes from outside, jm_end is called by the trap

LC_ALL=C
export LC_ALL
jm_nonce=$1 jm_max=$2 jm_max_err=$3 jm_how=$4 jm_job=''
set --
jm_end() {
    trap '' TERM ALRM
    case $jm_how in
    group)
        kill -s TERM 0
        sleep 1
        kill -s KILL 0
        ;;
    linger) sleep 4 ;;
    *) [ -z "$jm_job" ] || kill -s TERM "$jm_job" ;;
    esac
    exit 124
}
trap jm_end TERM ALRM

# Hands lines on until there are enough bytes. Standard error is nearly always
# empty: this costs no program, where head would be one more for each check.
jm_some() {
    jm_kept=0 jm_line=''
    while [ "$jm_kept" -lt "$jm_max_err" ] && IFS= read -r jm_line; do
        printf '%s\n' "$jm_line"
        jm_kept=$((jm_kept + ${#jm_line} + 1)) jm_line=''
    done
    printf '%s' "$jm_line"
}

(
    exec 5>&1
    jm_code=$(
        {
            {
                {
                    (eval "$jm_body") 4>&- 5>&-
                    echo "$?" >&4
                } 2>&1 >&3 3>&- | jm_some >&2 3>&- 4>&- 5>&-
            } 3>&1 | head -c "$jm_max" >&5 3>&- 4>&-
        } 4>&1
    )
    printf '\n==%s code %s .\n' "$jm_nonce" "$jm_code" >&2
) </dev/null &
jm_job=$!
wait "$jm_job"
exit 0

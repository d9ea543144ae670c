# Runs the script that comes on standard input, keeps $2 bytes of what it
# prints and $3 of its standard error, and writes a mark with its exit code
# behind the latter. $1 is the nonce of the marks.
#
# It is what the time limit is set on: when that is over it gets TERM (ALRM
# from perl), and all that it began goes with it. $4 says how, see batch.sh.
# Nothing that the script leaves behind holds a pipe that is waited for: a
# process that cannot be killed costs only its own check.
# shellcheck shell=sh disable=SC2317 # jm_end is called by the trap

LC_ALL=C
export LC_ALL
jm_job=''
jm_how=$4
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

exec 6<&0
(
    exec 5>&1
    code=$(
        {
            {
                {
                    /bin/sh -s <&6 4>&- 5>&- 6<&-
                    echo "$?" >&4
                } 2>&1 >&3 3>&- | head -c "$3" >&2 3>&- 4>&- 5>&- 6<&-
            } 3>&1 | head -c "$2" >&5 3>&- 4>&- 6<&-
        } 4>&1
    )
    printf '\n==%s code %s .\n' "$1" "$code" >&2
) &
jm_job=$!
exec 6<&-
wait "$jm_job"
exit 0

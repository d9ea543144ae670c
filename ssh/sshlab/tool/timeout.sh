#!/bin/sh
# timeout [-k TIME] [-s SIGNAL] TIME COMMAND, for systems without one.
signal=TERM
later=''
while :; do
    case ${1-} in
    -k)
        later=$2
        shift 2
        ;;
    -s)
        signal=$2
        shift 2
        ;;
    --) shift ;;
    -*) shift ;;
    *) break ;;
    esac
done
limit=${1%s}
shift
exec 3<&0
"$@" <&3 3<&- &
job=$!
exec 3<&-
(
    nap=''
    trap 'kill "$nap" 2>/dev/null; exit' TERM
    sleep "$limit" &
    nap=$!
    wait "$nap"
    kill -s "$signal" "$job" 2>/dev/null || exit 0
    [ -n "$later" ] || exit 9
    sleep "${later%s}" &
    nap=$!
    wait "$nap"
    kill -s KILL "$job" 2>/dev/null
    exit 9
) >/dev/null 2>&1 &
dog=$!
wait "$job"
code=$?
kill "$dog" 2>/dev/null
wait "$dog" 2>/dev/null
[ $? != 9 ] || code=124
exit "$code"

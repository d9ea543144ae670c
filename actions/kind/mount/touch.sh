# Touches a folder that may hang and keeps what it saw. It is the detached
# helper of look.sh: what hangs here hangs alone, holds no line open and is
# the only one of its mount.
#
# Arguments: $1 the folder of its state, private to this user; $2 what to
# touch; $3 "mount" or "source"; $4 "yes" to try a write; $5 the seconds after
# which what hangs is killed, where the kernel lets it be.
#
# Files of the state folder: lock is there while a helper works and holds its
# process id, the start of that process and the time; answer is what the last
# one saw; hung, written by look.sh, since when there has been no answer.
# shellcheck shell=sh

LC_ALL=C
export LC_ALL
umask 077
cd "$1" || exit 1
path=$2 mode=$3 write=$4 end=$5

# The start (field 22, counted behind the name, which may hold blanks) tells
# this process from a later one of the same id.
start=-
if read -r stat 2>/dev/null </proc/$$/stat; then
    stat=${stat##*') '}
    # shellcheck disable=SC2086
    set -- $stat
    shift 19 && start=$1
fi
echo "$$ $start $(date +%s)" >"begun.$$"
# A link is made at once or not at all: the second helper ends here.
ln "begun.$$" lock 2>/dev/null || mode=busy
rm -f "begun.$$"
[ "$mode" != busy ] || exit 0

late='' job=''
trap 'late=yes; [ -z "$job" ] || kill -s KILL "$job" 2>/dev/null' TERM
(
    trap '[ -z "$!" ] || kill "$!" 2>/dev/null; exit 1' TERM
    sleep "$end" &
    wait "$!" && kill -s TERM "$$"
) &
dog=$!

# Runs a command and waits for it, also when it was told to end: as long as it
# is there, so is the lock.
try() {
    "$@" >saw 2>why &
    job=$!
    wait "$job"
    code=$?
    while [ -n "$late" ] && kill -0 "$job" 2>/dev/null; do
        wait "$job"
    done
    job=''
    if [ -n "$late" ]; then
        rm -f lock
        kill "$dog" 2>/dev/null
        exit 1
    fi
    return "$code"
}

line() { printf '%s=%s\n' "$1" "$(tr '\n' ' ' <"$2")"; }

look() {
    # The folder's own entry, by way of its dot: this is where a stale handle
    # shows.
    if ! try ls -ld "$path/."; then
        line error why
        return
    fi
    # The server is asked: the answer to ls may come from a cache.
    if try df -Pk "$path/."; then
        line df saw
    fi
    if [ "$mode" = source ]; then
        if ! try find "$path/." ! -name . -prune -print -quit; then
            line error why
        elif [ -s saw ]; then
            echo empty=no
        else
            echo empty=yes
        fi
        return
    fi
    # shellcheck disable=SC2016
    if try sh -c '[ -w "$1/." ]' sh "$path"; then
        echo writable=yes
    else
        echo writable=no
    fi
    if [ "$write" = yes ]; then
        # noclobber: a file or link that somebody put there is not written to.
        # shellcheck disable=SC2016
        if try sh -c 'set -C; echo jurymast >"$1" && rm -f "$1"' sh "$path/.jurymast-$$"; then
            echo written=yes
        else
            line written why
        fi
    fi
}

look >"seen.$$"
{
    echo "at=$(date +%s)"
    cat "seen.$$"
} >"answer.$$"
mv -f "answer.$$" answer
rm -f "seen.$$" saw why hung lock
kill "$dog" 2>/dev/null
exit 0

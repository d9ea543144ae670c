# Says what is mounted where, and whether it answers. Nothing here touches the
# mount: the table of mounts is read, and a detached helper (touch.sh) is left
# to find out the rest. A helper that does not come back is waited for by the
# later looks, never doubled.
#
# Inputs: AT the folder; TABLE_AT the same as the table of mounts spells it;
# MODE "mount" or "source"; WRITE "yes" to try a write; WAIT seconds for the
# helper's answer; END seconds until the helper gives up; TOUCH its text.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
export LC_ALL
R=${JURYMAST_ROOT-}
now=$(date +%s)
uid=$(id -u)
echo "now=$now"
echo "uid=$uid"

# Reads a table of mounts: the last that lies at the folder, and the deepest
# that holds it.
table() {
    at='' under='' held=''
    while read -r source dir type options rest; do
        case $TABLE_AT in
        "$dir") at="$source $type $options" ;;
        esac
        # Apart: bash takes a pattern that begins with an expansion to nothing,
        # quoted and cut, for one that matches nothing.
        above=${dir%/}
        case $TABLE_AT/ in
        "$above"/*)
            if [ "${#dir}" -ge "${#under}" ]; then
                under=$dir held="$source $type $options"
            fi
            ;;
        esac
    done
    # printf: echo of some shells turns the table's \040 into blanks.
    if [ -n "$at" ]; then
        printf 'mounted=%s\n' "$at"
    else
        echo "missing=yes"
    fi
    printf 'under=%s %s\n' "$under" "$held"
}

mounts() {
    if [ -r "$R/proc/mounts" ]; then
        table <"$R/proc/mounts"
    elif [ -z "$R" ] && mount -p >/dev/null 2>&1; then
        mount -p | table # BSD: fstab(5), without asking the file systems
    else
        echo "table=no"
    fi
}

# Finds a folder that is ours alone. /run and /tmp come before
# $XDG_RUNTIME_DIR, which is removed with a user's last session: a helper that
# hangs must be found again by the next one. A simulated machine has no part in
# the real one's.
folder() {
    if [ "$uid" = 0 ] && private "$R/run/jurymast-$uid"; then
        return
    fi
    if private "$R/tmp/jurymast-$uid"; then
        return
    fi
    [ -z "$R" ] && [ -n "${XDG_RUNTIME_DIR-}" ] && private "$XDG_RUNTIME_DIR/jurymast-$uid"
}

private() {
    mkdir -m 700 "$1" 2>/dev/null
    if [ -h "$1" ] || [ ! -d "$1" ]; then
        why="$1 cannot be made"
        return 1
    fi
    # shellcheck disable=SC2046 # its fields: mode, links, owner
    set -- "$1" $(ls -ldn "$1" 2>/dev/null)
    case ${2-}/${4-} in
    drwx------*/"$uid") ;;
    *)
        why="$1 is not a folder of this user alone"
        return 1
        ;;
    esac
    # shellcheck disable=SC2046 # two numbers
    set -- "$1" $(printf '%s %s' "$MODE" "$AT" | cksum)
    state=$1/$MODE-${2-}-${3-}
    mkdir -m 700 "$state" 2>/dev/null
    if ! (echo >"$state/try.$$") 2>/dev/null; then
        why="$1 cannot be written to"
        return 1
    fi
    rm -f "$state/try.$$"
}

# Prints when a process began: field 22 of its stat, counted behind its name,
# which may hold blanks.
born() {
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
    stat=${stat##*') '}
    # shellcheck disable=SC2086
    set -- $stat
    case $1 in
    Z | X) return 1 ;; # dead, and nobody has taken note of it
    esac
    shift 19 && echo "$1"
}

# Reports whether a helper is at work; since is when it began. It is the one
# that is named in the lock only when it began when the lock says.
working() {
    read -r pid start since 2>/dev/null <"$state/lock" || return 1
    case $pid$since in
    '' | *[!0-9]*) return 1 ;;
    esac
    kill -0 "$pid" 2>/dev/null || return 1
    [ "$start" != - ] || return 0
    [ "$start" = "$(born "$pid")" ]
}

# A lock that no helper holds any more is put aside, and put back if another
# look was quicker.
unlock() {
    [ -e "$state/lock" ] || return 0
    mv "$state/lock" "$state/old.$$" 2>/dev/null || return 0
    read -r was rest 2>/dev/null <"$state/old.$$"
    if [ "$was" != "$pid" ]; then
        ln "$state/old.$$" "$state/lock" 2>/dev/null
    fi
    rm -f "$state/old.$$"
}

begin() {
    set -- /bin/sh -c "$TOUCH" jurymast-touch "$state" "$R$AT" "$MODE" "$WRITE" "$END"
    # It must leave the session of the look, and hold none of its files.
    if command -v setsid >/dev/null; then
        set -- setsid "$@"
    elif command -v daemon >/dev/null; then
        set -- daemon -f "$@" # FreeBSD
    else
        set -- nohup "$@"
    fi
    (cd / && exec "$@") </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
}

# Reports whether there is an answer from this look or one beside it.
answered() {
    read -r answer 2>/dev/null <"$state/answer" || return 1
    answer=${answer#at=}
    case $answer in
    '' | *[!0-9]*) return 1 ;;
    esac
    [ "$answer" -ge "$now" ]
}

touch_it() {
    tries=$((WAIT * 20))
    pid=''
    if ! working; then
        unlock
        rm -f "$state/answer"
        begin
    elif [ "$((now - since))" -gt "$WAIT" ]; then
        tries=1
    fi
    until answered; do
        if [ "$tries" -le 0 ]; then
            hung
            return
        fi
        if sleep 0.05 2>/dev/null; then
            tries=$((tries - 1))
        else
            sleep 1
            tries=$((tries - 20))
        fi
    done
    echo "touch=answered"
    cat "$state/answer"
}

hung() {
    if ! working; then
        echo "touch=lost"
        return
    fi
    first=''
    read -r first 2>/dev/null <"$state/hung"
    case $first in
    '' | *[!0-9]*)
        first=$since
        echo "$first" >"$state/hung.$$" && mv -f "$state/hung.$$" "$state/hung"
        ;;
    esac
    echo "touch=hung"
    echo "since=$first"
}

seen=$(mounts)
printf '%s\n' "$seen"
case $MODE/$seen in
mount/table=no* | mount/missing=yes*)
    exit 0 # the empty folder under a mount that is missing says nothing
    ;;
esac
why='no folder for the state of a helper'
if folder; then
    umask 077
    touch_it
else
    echo "touch=none"
    printf 'why=%s\n' "$why"
fi
case $seen in
*' autofs '*) mounts ;; # the touch mounted what lies behind it
esac
exit 0

#!/bin/sh
# Leases: who may act on a target of this host now. Inputs: JM_DO (take, renew,
# drop, seize), JM_TARGETS, RUN, JM_HOLDER, JM_TTL (seconds), JM_EPOCH.
# A lease is a file "EPOCH RUN EXPIRY HOLDER". Its epoch only grows: an act of
# an older epoch is refused. Times are this host's own. One that has run out is
# not given away while a job of its run is under way here: its controller is
# gone, and what it began is not.
# shellcheck shell=sh disable=SC2154,SC2153

LC_ALL=C
export LC_ALL
umask 022

jm_top=${JURYMAST_ROOT-}/var/lib/jurymast
if [ "$(id -u)" != 0 ]; then
    jm_top=${XDG_STATE_HOME:-${HOME:?}/.local/state}/jurymast
fi
jm_lease=$jm_top/lease
[ -d "$jm_lease" ] || mkdir -p "$jm_lease" || exit 1

# jm_lives GROUP START: whether the first process of a job is the same and lives.
# Where there is no /proc, START is 0.
jm_lives() {
    [ "$2" != 0 ] || { kill -0 "-$1" 2>/dev/null && return 0 || return 1; }
    jm_then=$2
    read -r jm_stat 2>/dev/null <"/proc/$1/stat" || return 1
    # PID (NAME) STATE ... START is the 22nd: the name may hold blanks and brackets
    # shellcheck disable=SC2086 # the fields are wanted apart
    set -- ${jm_stat##*) }
    [ "$1" != Z ] && [ "${20}" = "$jm_then" ]
}

# jm_begun PID: sets jm_start to when a process began, 0 where there is no /proc.
jm_begun() {
    jm_start=0
    read -r jm_stat 2>/dev/null <"/proc/$1/stat" || return 0
    # PID (NAME) STATE ... START is the 22nd: the name may hold blanks and brackets
    # shellcheck disable=SC2086 # the fields are wanted apart
    set -- ${jm_stat##*) }
    jm_start=${20}
}

# jm_left: whether the lock was left by a shell that is gone, and is taken away.
# Who takes it away is alone, so that nobody's own lock goes with it.
jm_left() {
    read -r jm_pid jm_then 2>/dev/null <"$jm_lock" || return 1
    if [ "$jm_then" = 0 ]; then
        ! kill -0 "$jm_pid" 2>/dev/null || return 1
    else
        ! jm_lives "$jm_pid" "$jm_then" || return 1
    fi
    if ! mkdir "$jm_lock.left" 2>/dev/null; then
        [ -z "$(find "$jm_lock.left" -prune -mmin +1 2>/dev/null)" ] || rmdir "$jm_lock.left" 2>/dev/null
        return 1
    fi
    read -r jm_pid2 jm_then2 2>/dev/null <"$jm_lock" && [ "$jm_pid2 $jm_then2" = "$jm_pid $jm_then" ] && rm -f "$jm_lock"
    rmdir "$jm_lock.left"
}

# One at a time. Whose the lock is stands in it before it is there, so that one
# that was left is known. Not every shell runs what is trapped on EXIT when a
# signal ends it.
jm_lock=$jm_lease/.lock
jm_mine=''
trap 'rm -f "$jm_lock.$$" ${jm_mine:+"$jm_lock"}' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
jm_begun $$
if ! echo "$$ $jm_start" >"$jm_lock.$$"; then
    echo "nothing can be written in $jm_lease: is there room (df), and is it mounted rw?" >&2
    exit 1
fi
jm_tries=0
until ln "$jm_lock.$$" "$jm_lock" 2>/dev/null; do
    jm_left && continue
    jm_tries=$((jm_tries + 1))
    if [ "$jm_tries" -gt 100 ]; then
        echo "the leases in $jm_lease are held by another shell" >&2
        exit 1
    fi
    sleep 0.1 2>/dev/null || sleep 1
done
jm_mine=yes

# jm_works RUN: sets jm_job to a job of the run that is under way here. Those of
# the login are known to root too.
jm_works() {
    jm_user=''
    [ -z "${SUDO_USER-}" ] || jm_user=$(getent passwd "$SUDO_USER" 2>/dev/null | cut -d: -f6)
    for jm_at in "$jm_top" "${JURYMAST_ROOT-}/var/db/jurymast" "${XDG_STATE_HOME:-${HOME:-/root}/.local/state}/jurymast" "${jm_user:-/root}/.local/state/jurymast"; do
        for jm_dir in "$jm_at/jobs/$1".*; do
            if [ ! -f "$jm_dir/group" ] || [ -f "$jm_dir/end" ] || [ -f "$jm_dir/code" ]; then
                continue
            fi
            jm_boot=$(cat "${JURYMAST_ROOT-}/proc/sys/kernel/random/boot_id" 2>/dev/null || sysctl -n kern.boottime 2>/dev/null || echo unknown)
            [ "$(cat "$jm_dir/boot" 2>/dev/null)" = "$jm_boot" ] || continue
            read -r jm_group jm_start 2>/dev/null <"$jm_dir/group" || continue
            jm_lives "$jm_group" "${jm_start:-0}" || continue
            jm_job=${jm_dir##*/}
            return 0
        done
    done
    return 1
}

jm_now=$(date +%s)
jm_free=yes
jm_high=0
# shellcheck disable=SC2086 # names have no blanks
for jm_t in $JM_TARGETS; do
    jm_epoch=0 jm_run='' jm_until=0 jm_who=''
    read -r jm_epoch jm_run jm_until jm_who 2>/dev/null <"$jm_lease/$jm_t"
    case $jm_epoch$jm_until in '' | *[!0-9]*) jm_epoch=0 jm_until=0 ;; esac
    [ "$jm_epoch" -le "$jm_high" ] || jm_high=$jm_epoch
    if [ "$JM_DO" = renew ] || [ "$JM_DO" = drop ]; then
        # A renewal that was on its way while the lease was given back would
        # take the target from whoever is next.
        [ "$jm_run" = "$RUN" ] && [ "$jm_epoch" = "$JM_EPOCH" ] && [ "$JM_DO$jm_until" != renew0 ] && continue
    elif [ "$jm_run" = "$RUN" ] || [ -z "$jm_run" ]; then
        continue
    elif [ "$jm_until" -le "$jm_now" ]; then
        jm_works "$jm_run" || continue
        jm_until=$jm_now
        echo "@job $jm_job"
    fi
    jm_free=no
    echo "@held $jm_t $jm_run $((jm_until - jm_now)) $jm_who"
done
if [ "$jm_free" = no ]; then
    [ "$JM_DO" = drop ] || exit 75
    exit 0
fi
case $JM_DO in
take) jm_high=$((jm_high + 1)) jm_until=$((jm_now + JM_TTL)) ;;
renew) jm_high=$JM_EPOCH jm_until=$((jm_now + JM_TTL)) ;;
drop) jm_high=$JM_EPOCH jm_until=0 ;;
*) exit 64 ;;
esac
# shellcheck disable=SC2086
for jm_t in $JM_TARGETS; do
    if ! printf '%s %s %s %s\n' "$jm_high" "$RUN" "$jm_until" "$JM_HOLDER" >"$jm_lease/.$jm_t.new" ||
        ! mv -f "$jm_lease/.$jm_t.new" "$jm_lease/$jm_t"; then
        echo "nothing can be written in $jm_lease: is there room (df), and is it mounted rw?" >&2
        exit 1
    fi
done
echo "@epoch $jm_high"

#!/bin/sh
# sudo [-n] [-u USER] [-E] [-H] [-S] [-k] [-v] [-l] [--] COMMAND: works where
# $JURYMAST_ROOT/lab/sudo says yes, or for root.
user=root
only=''
while [ $# -gt 0 ]; do
    case $1 in
    -u)
        user=$2
        shift
        ;;
    -v | -l | -k | -K) only=$1 ;;
    --)
        shift
        break
        ;;
    -*) ;;
    *) break ;;
    esac
    shift
done
read -r may 2>/dev/null <"${JURYMAST_ROOT:?}/lab/sudo" || may=no
if [ "$may" != yes ] && [ "${JURYMAST_LAB_UID:-1000}" != 0 ]; then
    echo "sudo: a password is required" >&2
    exit 1
fi
[ -z "$only" ] || exit 0
if [ $# = 0 ]; then
    echo "usage: sudo [-n] [-u user] command" >&2
    exit 1
fi
uid=0
[ "$user" = root ] || uid=1001
for word; do
    case $word in
    [A-Za-z_]*=*) continue ;; # assignments ahead of the command: for env
    esac
    if ! command -v "$word" >/dev/null 2>&1; then
        echo "sudo: $word: command not found" >&2
        exit 1
    fi
    break
done
# As with env_reset: nothing of the caller's environment goes along.
exec env -i PATH="$PATH" HOME="$HOME" USER="$user" LOGNAME="$user" SHELL="${SHELL:-/bin/sh}" \
    SUDO_USER="${USER-}" TMPDIR="${TMPDIR-}" JURYMAST_ROOT="$JURYMAST_ROOT" JURYMAST_LAB_UID="$uid" "$@"

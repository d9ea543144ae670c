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
while :; do
    case $1 in
    [A-Za-z_]*=*)
        # An assignment ahead of the command is passed on.
        export "${1?}"
        given="${given-} ${1%%=*}"
        shift
        ;;
    *) break ;;
    esac
done
uid=0
[ "$user" = root ] || uid=1001
if ! command -v "$1" >/dev/null 2>&1; then
    echo "sudo: $1: command not found" >&2
    exit 1
fi
for name in ${given-}; do
    eval "set -- \"$name=\$$name\" \"\$@\""
done
# As with env_reset: nothing of the caller's environment goes along.
exec env -i PATH="$PATH" HOME="$HOME" USER="$user" LOGNAME="$user" SHELL="${SHELL:-/bin/sh}" \
    SUDO_USER="${USER-}" TMPDIR="${TMPDIR-}" JURYMAST_ROOT="$JURYMAST_ROOT" JURYMAST_LAB_UID="$uid" "$@"

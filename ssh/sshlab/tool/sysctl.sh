#!/bin/sh
# sysctl [-n] [-q] [-i] NAME...: from lab/sysctl, lines "NAME=VALUE".
bare=no
code=0
while :; do
    case ${1-} in
    -*n*)
        bare=yes
        shift
        ;;
    -*) shift ;;
    *) break ;;
    esac
done
for name; do
    if value=$(grep "^$name=" "${JURYMAST_ROOT:?}/lab/sysctl"); then
        if [ "$bare" = yes ]; then
            printf '%s\n' "${value#*=}"
        else
            printf '%s: %s\n' "$name" "${value#*=}"
        fi
    else
        echo "sysctl: unknown oid '$name'" >&2
        code=1
    fi
done
exit "$code"

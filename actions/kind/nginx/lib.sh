# What the look at an nginx and the scripts that act on it have in common. What
# stands ahead sets enter, the words that lead to it (none, or "docker exec
# NAME"), and at_root, what is ahead of paths there. Input: CONFIG (empty: the
# program's own).
# shellcheck shell=sh disable=SC2086,SC2154

built=$($enter nginx -V 2>&1 </dev/null)

# built_with sets path to one that the program was made with.
built_with() {
    case $built in
    *" --$1="*)
        path=${built#*" --$1="}
        path=${path%%[[:space:]]*}
        ;;
    *) path= ;;
    esac
}

built_with conf-path
config=${CONFIG:-$path}

# noted prints the first pid that a configuration names, and reads it to its end,
# so that nobody writes to who has gone.
noted() {
    sed -n '/^[[:space:]]*pid[[:space:]]\{1,\}"\{0,1\}\([^;"]*\)"\{0,1\};.*/{
        s//\1/p
        :rest
        n
        b rest
    }'
}

# pid_file sets pid to where nginx notes the number of its master. $1 is the
# configuration: all of it, where $2 says "whole"; else what its first file says
# counts as well.
pid_file() {
    pid=$(printf '%s\n' "$1" | noted)
    [ -n "$pid$2" ] || pid=$($enter cat "$at_root$config" 2>/dev/null </dev/null | noted)
    case $pid in
    /*) return ;;
    '') built_with pid-path ;;
    *) built_with prefix && path=$path/$pid ;;
    esac
    pid=$path
}

# processes prints number, parent and start, in ticks since the boot, of each; with
# words to stand ahead of them also when that was, as "btime SECONDS".
processes() {
    if [ -z "$enter" ]; then
        cat "$at_root/proc/stat" "$at_root"/proc/[0-9]*/stat
    else
        # shellcheck disable=SC2016 # expanded by the other shell
        $enter sh -c 'cat "$1/proc/stat" "$1"/proc/[0-9]*/stat' sh "$at_root" </dev/null
    fi 2>/dev/null | awk -v ahead="${1-}" '
        ahead != "" && $1 == "btime" { print $1, $2 }
        $2 == "(nginx)" { print ahead $1, $4, $22 }'
}

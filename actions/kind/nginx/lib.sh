# What the look at an nginx and the scripts that act on it have in common. What
# stands ahead sets enter, the words that lead to it (none, or "docker exec
# NAME"), and at_root, what is ahead of paths there. Input: CONFIG (empty: the
# program's own).
# shellcheck shell=sh disable=SC2086,SC2154

built=$($enter nginx -V 2>&1 </dev/null)

# built_with prints a path that the program was made with.
built_with() {
    case $built in
    *" --$1="*)
        path=${built#*" --$1="}
        printf '%s\n' "${path%%[[:space:]]*}"
        ;;
    esac
}

config=${CONFIG:-$(built_with conf-path)}

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

# pid_file prints where nginx notes the number of its master. Its standard input
# is the configuration: all of it, where $1 says "whole"; else what its first file
# says counts as well.
pid_file() {
    pid=$(noted)
    [ -n "$pid$1" ] || pid=$($enter cat "$at_root$config" 2>/dev/null </dev/null | noted)
    case $pid in
    /*) printf '%s\n' "$pid" ;;
    '') built_with pid-path ;;
    *) printf '%s/%s\n' "$(built_with prefix)" "$pid" ;;
    esac
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

# What is common to a file that leads clients. Inputs: FILE, CONTENT with {TO} and
# {TO_ADDRESS} in it, TEST and RELOAD (lines of shell), TO, TO_ADDRESS, RUN.
# shellcheck shell=sh disable=SC2034,SC2154
content() {
    printf '%s\n' "$CONTENT" | TO=$TO TO_ADDRESS=$TO_ADDRESS awk '
        function put(s, what, by,   at, out) {
            while ((at = index(s, what)) > 0) {
                out = out substr(s, 1, at - 1) by
                s = substr(s, at + length(what))
            }
            return out s
        }
        { print put(put($0, "{TO}", ENVIRON["TO"]), "{TO_ADDRESS}", ENVIRON["TO_ADDRESS"]) }'
}

# Certificates on disk. What stands ahead of it sets enter, the words that lead
# to where they lie (none, or "docker exec NAME"), and root, those that lead
# there as root (none: not allowed), and may set within, the name that
# certificates have in a folder. No key leaves the host: of each file only
# the first certificate is printed.
# shellcheck shell=sh disable=SC2086,SC2154

# first_of_each reads "PATH:LINE" and prints the first certificate of each path
# behind a line "file PATH", of at most 200.
first_of_each() {
    awk '
        (at = index($0, ":-----BEGIN CERTIFICATE-----")) > 0 {
            on = substr($0, 1, at - 1)
            if (on in seen) on = ""
            else if (++n > 200) { print "more"; exit }
            else { seen[on]; print "file " on }
        }
        on != "" {
            print substr($0, length(on) + 2)
            if ($0 ~ /-----END CERTIFICATE-----$/) on = ""
        }'
}

# in_files prints the certificates of a path: of each file named $within in a
# folder, or of a file. Further words lead there.
in_files() {
    at=$1
    shift
    found=$("$@" find -L "$at" -name "${within:-fullchain.pem}" -exec grep -e . /dev/null {} + 2>/dev/null </dev/null | first_of_each)
    if [ -z "$found" ] && ! $enter test -d "$at" </dev/null; then
        found=$("$@" grep -e . /dev/null "$at" 2>/dev/null </dev/null | first_of_each)
    fi
    [ -n "$found" ] && printf '%s\n' "$found"
}

# certificates prints those of each path that it reads, a path a line; or
# "absent PATH", "none PATH" where there is none, "closed PATH" where it may not
# be seen. Root is asked only where the login cannot know.
certificates() {
    while IFS= read -r at; do
        [ -n "$at" ] || continue
        in_files "$at" $enter && continue
        said=$($enter ls -d "$at" 2>&1 </dev/null)
        case $said in
        *'No such file'*)
            echo "absent $at"
            continue
            ;;
        esac
        [ -z "$root" ] || { in_files "$at" $root && continue; }
        if $enter test -d "$at" </dev/null; then
            # One that is named as they are, and of which nothing came, is closed.
            named=$($enter find -L "$at" -name "${within:-fullchain.pem}" 2>&1 </dev/null | head -n 1)
            if [ -z "$named" ]; then echo "none $at"; else echo "closed $at"; fi
        elif $enter test -r "$at" </dev/null; then
            echo "none $at"
        else
            echo "closed $at"
        fi
    done
}

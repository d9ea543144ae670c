# What is common to copying reverse proxies and bringing them back, behind
# files/lib.sh and a NAME/server.sh. That sets name and has tested (words ahead
# of its test), why, alive, applied, runs and have, and passed where a test shows
# less than that the configuration passes. Input: USUAL (paths, one a
# line, that belong to it where they are there, or in the copy).
# shellcheck shell=sh disable=SC2153,SC2154

found() {
    printf '%s\n' "$USUAL" | while IFS= read -r usual; do
        if [ -n "$usual" ] && { there "$usual" || { [ -n "${FROM-}" ] && there "$FROM$usual"; }; }; then
            printf '%s\n' "$usual"
        fi
    done
}

# as_if runs words where what lies in $FROM stands in its place already, seen by
# nobody else. It ends with 120 where that cannot be had: in a container, without
# the right to mount, and where there is no place yet.
as_if() {
    [ -z "${CONTAINER-}" ] && unshare -m true 2>/dev/null || return 120
    # shellcheck disable=SC2016 # expanded by the other shell
    FROM=$FROM VIEW=$(roots) unshare -m sh -c '
        printf "%s\n" "$VIEW" | while IFS= read -r p; do
            [ -e "$FROM$p" ] || continue
            [ -e "$p" ] && mount --bind "$FROM$p" "$p" || exit 120
        done || exit 120
        exec "$@"' sh "$@"
}

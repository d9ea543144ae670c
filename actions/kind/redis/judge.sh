# judge holds numbers of keys and of those that expire against the copy's.
# shellcheck shell=sh disable=SC2154
judge() {
    read -r want expire <"$FROM/keys"
    got=${1% *}
    if [ "$got" = "$want" ]; then
        printf '@level data-checked\n@proof %s keys, as many as in the copy\n' "$got"
    elif [ "$got" -lt "$want" ] && [ "$((want - got))" -le "$expire" ]; then
        printf '@level answered\n@proof %s keys of %s in the copy, of which %s expire\n' "$got" "$want" "$expire"
    elif [ "${2-}" = live ] && [ "$got" -gt "$want" ]; then
        printf '@level answered\n@proof %s keys, and %s in the copy: it is written to\n' "$got" "$want"
    else
        die "$got keys are there, and $want are in the copy"
    fi
}

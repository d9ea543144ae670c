# Runs lines of shell that the inventory holds, behind files/lib.sh. They are
# told by their environment: RUN, STAGE, FROM, ASIDE, PORT, PEER, and what MY_NAMES
# names of a kind of their own.
# shellcheck shell=sh disable=SC2154

for name in RUN STAGE FROM ASIDE PORT PEER ${MY_NAMES-}; do
    # shellcheck disable=SC2163 # the variable that it names
    export "$name"
done

# line runs a line of shell, $2, and ends this with its last word when it fails.
# $1 says what it is. What it prints in words of ours ("@bytes 4096") is left.
line() {
    said=$(sh -c "$2" 2>&1 </dev/null)
    code=$?
    [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^@/ @/'
    last=$(printf '%s' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)
    [ "$code" = 0 ] || die "$1 ended with $code: ${last:-it said nothing}"
}

# Says how a Traefik is, in parts "== NAME", behind docker/enter.sh. Inputs: API
# (base URL of its API), PING (URL), ACME (files with certificates, one a line),
# CONTAINER (in which it runs; empty for none), SUDO ("sudo -n" or nothing).
# shellcheck shell=sh disable=SC2086,SC2154

newline='
'

# get asks for URLs one behind the other, from where it runs, until one of them is
# not answered. Its image has no curl but the wget of busybox; that of GNU would
# go on, and try again.
get() {
    if [ -n "$enter" ]; then
        $enter wget -q -T 5 -O - "$@"
    elif command -v curl >/dev/null; then
        curl -sS -f --fail-early -m 5 -- "$@"
    elif command -v wget >/dev/null; then
        for url in "$@"; do
            wget -nv -T 5 -t 1 -O - "$url" || return
        done
    else
        echo 'neither curl nor wget is there, to ask its API' >&2
        return 1
    fi
}

# ask prints what they answer, and behind all of it what was said of the one that
# does not.
ask() {
    { said=$(get "$@" 2>&1 >&3 </dev/null); code=$?; } 3>&1
    [ "$code" = 0 ] || printf '\n%s' "${said##*"$newline"}"
    printf '\nexit %s\n' "$code"
}

echo '== state'
state=$(ask "$API/api/version" "$API/api/overview")
printf '%s\n' "$state"
case $state in
*"${newline}exit 0")
    # Its overview has what it knows: one of before 2.2 nothing of UDP. A list has a
    # hundred on a page, where it is not told otherwise.
    set --
    for of in http tcp udp; do
        case $state in
        *"\"$of\""*) set -- "$@" "$API/api/$of/routers?per_page=10000" "$API/api/$of/services?per_page=10000" ;;
        esac
    done
    echo '== lists'
    ask "$@" "$PING"
    ;;
esac
echo '== certificates'
printf '%s\n' "$ACME" | while IFS= read -r at; do
    [ -n "$at" ] || continue
    as=
    [ -r "$at" ] || as=$SUDO
    if mode=$($as ls -lL "$at" 2>&1 </dev/null); then
        printf 'acme %s %s\n' "${mode%% *}" "$at"
        # Of what lies in it, nothing but certificates leaves the host: no key does.
        found=$($as grep -o '"certificate": *"[A-Za-z0-9+/=]*"' "$at" 2>/dev/null </dev/null)
        case $? in
        0) printf '%s\n' "$found" | sed 's/^"certificate": *"\(.*\)"$/\1/' ;;
        1) ;;
        *) printf 'closed %s\n' "$at" ;;
        esac
        # It is written in place: what a full disk or a loss of power leaves of it does not end.
        case $($as tail -c 9 "$at" 2>/dev/null </dev/null | tr -d '[:space:]') in
        '' | *'}') ;;
        *) printf 'cut %s\n' "$at" ;;
        esac
    else
        case $mode in
        *'No such file'*) printf 'absent %s\n' "$at" ;;
        *) printf 'closed %s\n' "$at" ;;
        esac
    fi
done
echo '== end'

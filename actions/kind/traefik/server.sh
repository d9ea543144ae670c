# What the scripts that copy Traefik and bring it back know of it, behind
# files/lib.sh; directory/json.sh follows. Inputs: ACME (files of its
# certificates, one a line), CONTAINER, UNIT, API and PING (URLs).
# shellcheck shell=sh disable=SC2034,SC2153,SC2154

name=Traefik
passed='its files of certificates are whole'

# have tells whether it is installed.
have() {
    if [ -n "$CONTAINER" ]; then
        command -v docker
    else
        command -v traefik || systemctl cat "$UNIT"
    fi >/dev/null 2>&1 </dev/null
}

# tested looks at the files of its certificates, by words that are put ahead:
# Traefik has no test of a configuration. It starts without a resolver whose file
# others may read, or is not whole.
tested() {
    printf '%s\n' "$ACME" | while IFS= read -r at; do
        [ -n "$at" ] || continue
        # shellcheck disable=SC2016 # expanded by the other shell
        text=$("$@" sh -c '[ ! -e "$1" ] || { ls -lL "$1" && cat "$1"; }' sh "$at" </dev/null) || exit
        case $text in
        '' | -???------*) ;;
        *) echo "others may read $at: chmod 600" && exit 1 ;;
        esac
        text=$(printf '%s\n' "$text" | sed 1d)
        [ -z "$text" ] || printf '%s\n' "$text" | flat >/dev/null || { echo "$at is no JSON, or half of it" && exit 1; }
    done
}

# why picks what is wrong from what a test said.
why() { sed -n '$p'; }

runs() {
    if [ -n "$CONTAINER" ]; then
        [ "$(docker inspect --type container --format '{{.State.Status}}' "$CONTAINER" 2>/dev/null </dev/null)" = running ]
    else
        systemctl --quiet is-active "$UNIT" </dev/null
    fi
}

# asked asks for a URL, from where it runs: its image has the wget of busybox.
asked() {
    if [ -n "$CONTAINER" ]; then
        docker exec "$CONTAINER" wget -q -T 5 -O - "$1"
    elif command -v curl >/dev/null; then
        curl -sS -f -m 5 -- "$1"
    else
        wget -q -T 5 -O - "$1"
    fi >/dev/null 2>&1 </dev/null
}

# alive says what runs, or ends with 1.
alive() {
    runs || return 1
    if asked "$PING"; then
        echo 'Traefik answers at /ping'
    else
        asked "$API/api/version" && echo 'Traefik answers at its API'
    fi
}

# applied has nothing to do: it is stopped while its files are put in place, for
# it writes those of its certificates from memory.
applied() { :; }

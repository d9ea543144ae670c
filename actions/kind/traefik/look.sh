# Says how a Traefik is, in parts "== NAME", behind docker/enter.sh. Inputs: API
# (base URL of its API), PING (URL), ACME (files with certificates, one a line),
# CONTAINER (in which it runs; empty for none), SUDO ("sudo -n" or nothing).
# shellcheck shell=sh disable=SC2086,SC2154

# tell asks for a URL, from where it runs. Its image has no curl but the wget of
# busybox.
tell() {
    if [ -z "$enter" ] && command -v curl >/dev/null; then
        curl -sS -f -m 5 -- "$1" 2>&1 </dev/null
    elif [ -n "$enter" ] || command -v wget >/dev/null; then
        $enter wget -q -T 5 -O - "$1" 2>&1 </dev/null
    else
        echo 'neither curl nor wget is there, to ask its API'
        return 1
    fi
    code=$?
    printf '\nexit %s\n' "$code"
}

for part in version overview; do
    echo "== $part"
    tell "$API/api/$part"
done
echo '== ping'
tell "$PING"
# A hundred a page, where it is not told otherwise.
for part in routers services; do
    echo "== http-$part"
    tell "$API/api/http/$part?per_page=10000"
done
echo '== tcp-routers'
tell "$API/api/tcp/routers?per_page=10000"
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
    else
        case $mode in
        *'No such file'*) printf 'absent %s\n' "$at" ;;
        *) printf 'closed %s\n' "$at" ;;
        esac
    fi
done
echo '== end'

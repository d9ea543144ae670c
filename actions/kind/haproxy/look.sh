# Says how an HAProxy is, in parts "== NAME", behind tls/disk.sh and
# tls/discreet.sh. Inputs: SOCKET, CONFIG, CERTIFICATES (paths, one a line), SUDO ("sudo -n" or nothing).
# shellcheck shell=sh disable=SC2034,SC2086,SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
SUDO=${SUDO-}
enter='' root=$SUDO
at_socket=${JURYMAST_ROOT-}$SOCKET
as=
[ -w "$at_socket" ] || as=$SUDO

# tell sends what it reads to the socket.
tell() {
    if command -v socat >/dev/null; then
        $as socat -t 5 stdio "unix-connect:$at_socket" 2>&1
    elif command -v nc >/dev/null; then
        $as nc -w 5 -U "$at_socket" 2>&1
    else
        echo 'neither socat nor nc is there, to speak to its socket'
    fi
}

if ! command -v haproxy >/dev/null; then
    echo 'missing haproxy'
    exit 0
fi
echo '== version'
haproxy -v 2>&1 </dev/null | sed 1q
echo '== test'
said=$($root haproxy -c -f "$CONFIG" 2>&1 </dev/null)
code=$?
printf '%s\n' "$said" | tail -n 20 | discreet
echo "exit $code"
echo '== processes'
cat "${JURYMAST_ROOT-}"/proc/[0-9]*/stat 2>/dev/null | awk '$2 == "(haproxy)" { n++ } END { print n + 0 }'
echo '== now'
date +%s
echo '== info'
echo 'show info' | tell
echo '== stat'
echo 'show stat' | tell
echo '== certificates'
# What follows crt is a file or a folder of them, below crt-base where that is set.
text=$(cat "$CONFIG" 2>/dev/null || $root cat "$CONFIG" 2>/dev/null </dev/null)
base=$(printf '%s\n' "$text" | awk '$1 == "crt-base" { print $2; exit }')
used=$(printf '%s\n' "$text" | awk '$1 == "bind" { for (i = 2; i < NF; i++) if ($i == "crt") print $(i + 1) }' | tr -d "\"'" | sort -u | while IFS= read -r at; do
    case $at in
    /*) ;;
    *) at=${base:-${CONFIG%/*}}/$at ;;
    esac
    # Of a folder it reads every file but keys and the like.
    in=$(ls "$at/" 2>/dev/null) || in=$($root ls "$at/" 2>/dev/null </dev/null) || in=
    if [ -n "$in" ]; then
        printf '%s\n' "$in" | grep -v -e '\.key$' -e '\.issuer$' -e '\.ocsp$' -e '\.sctl$' -e '^\.' | sed "s|^|${at%/}/|"
    else
        printf '%s\n' "$at"
    fi
done)
[ -z "$used" ] || printf '%s\n' "$used" | sed 's/^/used /'
printf '%s\n%s\n' "$used" "$CERTIFICATES" | certificates
echo '== served'
printf '%s\n' "$used" | grep -v -e '[ ;]' -e '^$' | head -n 50 | while IFS= read -r at; do
    echo "show ssl cert $at" | tell | grep -E '^(Filename|Serial):'
done
echo '== end'

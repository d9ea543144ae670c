# Says how a Caddy is, in parts "== NAME", behind tls/disk.sh and tls/discreet.sh. Inputs: ADMIN
# (host:port of its admin API, or the path of its socket), CONFIG, CERTIFICATES
# (paths, one a line), SUDO ("sudo -n" or nothing).
# shellcheck shell=sh disable=SC2034,SC2086,SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
SUDO=${SUDO-}
enter='' root=$SUDO within='*.crt'

# tell asks the admin API for a path.
tell() {
    if command -v curl >/dev/null; then
        case $ADMIN in
        /*) curl -sS -f -m 5 --unix-socket "$ADMIN" "http://localhost$1" 2>&1 </dev/null ;;
        *) curl -sS -f -m 5 "http://$ADMIN$1" 2>&1 </dev/null ;;
        esac
    elif command -v wget >/dev/null && [ "${ADMIN#/}" = "$ADMIN" ]; then
        wget -q -T 5 -O - "http://$ADMIN$1" 2>&1 </dev/null
    else
        echo 'curl is not there, to ask its admin API'
        return 1
    fi
}

if ! command -v caddy >/dev/null; then
    echo 'missing caddy'
    exit 0
fi
echo '== version'
caddy version 2>&1 </dev/null | sed 1q
echo '== test'
# What it makes of the file may hold secrets, and is not looked at.
as=
[ -r "$CONFIG" ] || as=$root
case $CONFIG in
*.json) echo 'not tested' ;;
*)
    said=$($as caddy adapt --config "$CONFIG" 2>&1 >/dev/null </dev/null)
    code=$?
    printf '%s\n' "$said" | tail -n 5 | discreet
    echo "exit $code"
    ;;
esac
echo '== processes'
cat "${JURYMAST_ROOT-}"/proc/[0-9]*/stat 2>/dev/null | awk '$2 == "(caddy)" { n++ } END { print n + 0 }'
echo '== upstreams'
tell /reverse_proxy/upstreams
printf '\nexit %s\n' "$?"
echo '== metrics'
tell /metrics | grep -E '^(caddy_reverse_proxy_upstreams_healthy|caddy_config_last_reload_successful|process_start_time_seconds)[ {]'
echo '== pools'
# Of the configuration, which holds secrets, nothing but who shares a load.
tell /config/ | grep -o '"upstreams":\[[^]]*\]' | grep -oE '"dial":"[^"]*"|"upstreams"'
echo '== certificates'
printf '%s\n' "$CERTIFICATES" | certificates
echo '== end'

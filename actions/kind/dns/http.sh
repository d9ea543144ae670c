# request asks a server by curl. What is secret of the request stands on standard
# input, as lines of a configuration of curl; the rest are arguments. It leaves
# the answer in $body and its HTTP status in $code, and ends with 1 and the
# reason in $why when there was no answer at all.
# shellcheck shell=sh disable=SC2034,SC2154
command -v curl >/dev/null || die 'curl is not there (apt install curl)'
request() {
    why=''
    # -q: a configuration of the user's may print more than is good.
    if said=$(timeout 60 curl -q -K - -sS --max-time 30 -w '\n%{http_code}' "$@" 2>&1); then
        code=${said##*
}
        body=${said%
*}
        return 0
    fi
    why=$(printf '%s\n' "$said" | grep '^curl: ' | tail -n 1)
    why=${why:-curl ended without a word}
    return 1
}

# Says how an nginx is, in parts "== NAME", behind nginx/reach.sh, nginx/lib.sh
# tls/disk.sh and tls/discreet.sh. Inputs: CONFIG (empty: the program's own), STATUS (URL of its
# stub_status; empty for none), CERTIFICATES (paths, one a line).
# shellcheck shell=sh disable=SC2034,SC2086,SC2154

echo '== version'
printf '%s\n' "${built%%
*}"
# -T tests as -t does, and prints all of the configuration if it is right.
all=$($root nginx -T ${CONFIG:+-c "$CONFIG"} 2>&1 </dev/null)
code=$?
echo '== test'
if [ "$code" = 0 ]; then
    printf '%s\n' "$all" | discreet '^(nginx: |[0-9/]+ [0-9:]+ [[])'
else
    printf '%s\n' "$all" | tail -n 20 | discreet
fi
echo "exit $code"
echo '== pid'
[ "$code" = 0 ] && whole=whole || whole=
pid_file "$all" "$whole"
printf 'file %s\n' "$pid"
number=
if [ -n "$enter" ]; then
    number=$($enter cat "$pid" 2>/dev/null </dev/null)
elif [ -r "$at_root$pid" ]; then
    read -r number <"$at_root$pid"
elif [ -e "$at_root$pid" ]; then
    echo closed
fi
printf 'pid %s\n' "$number"
echo '== processes'
processes 'nginx '
if [ -n "$STATUS" ]; then
    echo '== status'
    if command -v curl >/dev/null; then
        curl -ksS -m 5 -- "$STATUS" 2>&1 </dev/null | head -c 2000
    elif command -v wget >/dev/null; then
        wget -q -T 5 -O - -- "$STATUS" 2>&1 </dev/null | head -c 2000
    else
        echo 'neither curl nor wget is there'
    fi
    echo
fi
echo '== certificates'
used=
case $all in
*ssl_certificate*)
    used=$(printf '%s\n' "$all" | sed -n 's/^[[:space:]]*ssl_certificate[[:space:]]\{1,\}"\{0,1\}\([^;"]*\)"\{0,1\};.*/\1/p' | grep -v -e '[$]' -e '^data:' -e '^engine:' | while IFS= read -r at; do
        case $at in
        /*) printf '%s\n' "$at" ;;
        *) printf '%s\n' "${config%/*}/$at" ;;
        esac
    done | sort -u)
    ;;
esac
[ -z "$used" ] || printf '%s\n' "$used" | sed 's/^/used /'
printf '%s\n%s\n' "$used" "$CERTIFICATES" | certificates
echo '== end'

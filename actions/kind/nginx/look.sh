# Says how an nginx is, in parts "== NAME", behind tls/disk.sh. Inputs: CONFIG
# (empty: the program's own), CONTAINER (in which it runs; empty for none),
# STATUS (URL of its stub_status; empty for none), CERTIFICATES (paths, one a
# line), SUDO ("sudo -n" or nothing).
# shellcheck shell=sh disable=SC2034,SC2086,SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
SUDO=${SUDO-}
enter='' root=$SUDO at_root=${JURYMAST_ROOT-}
if [ -n "$CONTAINER" ]; then
    if ! command -v docker >/dev/null; then
        echo 'missing docker'
        exit 0
    fi
    docker=docker
    runs=$(docker inspect --type container --format '{{.State.Status}}' "$CONTAINER" 2>&1 </dev/null)
    case $runs in
    *"ermission denied"*)
        if [ -n "$SUDO" ]; then
            docker="$SUDO docker"
            runs=$($docker inspect --type container --format '{{.State.Status}}' "$CONTAINER" 2>&1 </dev/null)
        fi
        ;;
    esac
    printf '== container\n%s\n' "$runs"
    if [ "$runs" != running ]; then
        echo '== end'
        exit 0
    fi
    enter="$docker exec $CONTAINER"
    root=$enter at_root=
elif ! command -v nginx >/dev/null; then
    echo 'missing nginx'
    exit 0
fi

echo '== version'
built=$($enter nginx -V 2>&1 </dev/null)
printf '%s\n' "$built" | sed 1q

# built_with prints a path that the program was made with.
built_with() { printf '%s\n' "$built" | tr ' ' '\n' | sed -n "s/^--$1=//p" | sed 1q; }

config=${CONFIG:-$(built_with conf-path)}
# -T tests as -t does, and prints all of the configuration if it is right.
all=$($root nginx -T ${CONFIG:+-c "$CONFIG"} 2>&1 </dev/null)
code=$?
echo '== test'
printf '%s\n' "$all" | if [ "$code" = 0 ]; then grep -E '^(nginx: |[0-9/]+ [0-9:]+ \[)'; else cat; fi | tail -n 20
echo "exit $code"
echo '== pid'
pid=$({
    printf '%s\n' "$all"
    $enter cat "$at_root$config" 2>/dev/null </dev/null
} | sed -n 's/^[[:space:]]*pid[[:space:]]\{1,\}"\{0,1\}\([^;"]*\)"\{0,1\};.*/\1/p' | sed 1q)
case $pid in
/*) ;;
'') pid=$(built_with pid-path) ;;
*) pid=$(built_with prefix)/$pid ;;
esac
printf 'file %s\n' "$pid"
printf 'pid %s\n' "$($enter cat "$at_root$pid" 2>/dev/null </dev/null)"
echo '== processes'
echo "now $(date +%s)"
$enter sed -n 's/^btime /btime /p' "$at_root/proc/stat" 2>/dev/null </dev/null
echo "hz $(getconf CLK_TCK 2>/dev/null || echo 100)"
# Number, parent and start, in ticks since the boot.
# shellcheck disable=SC2016 # expanded by the other shell
$enter sh -c 'cat "$1"/proc/[0-9]*/stat' sh "$at_root" 2>/dev/null </dev/null | awk '$2 == "(nginx)" { print "nginx", $1, $4, $22 }'
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
used=$(printf '%s\n' "$all" | sed -n 's/^[[:space:]]*ssl_certificate[[:space:]]\{1,\}"\{0,1\}\([^;"]*\)"\{0,1\};.*/\1/p' | grep -v -e '[$]' -e '^data:' -e '^engine:' | while IFS= read -r at; do
    case $at in
    /*) printf '%s\n' "$at" ;;
    *) printf '%s\n' "${config%/*}/$at" ;;
    esac
done | sort -u)
[ -z "$used" ] || printf '%s\n' "$used" | sed 's/^/used /'
printf '%s\n%s\n' "$used" "$CERTIFICATES" | certificates
echo '== end'

# On the other side: exit 0 when the host is out of reach from there. Inputs:
# ADDRESS, PORTS (a line each, to try; may be empty).
# shellcheck shell=sh disable=SC2154
command -v ping >/dev/null || die 'ping is not there'
said=$(ping -c 3 -W 1 "$ADDRESS" 2>&1)
case $? in
0) die "$ADDRESS still answers from here" ;;
1) ;;
*) die "ping does not work here: $(printf '%s\n' "$said" | tail -n 1)" ;;
esac
for p in $PORTS; do
    if command -v nc >/dev/null; then
        ! nc -z -w 2 "$ADDRESS" "$p" >/dev/null 2>&1 </dev/null
    elif command -v bash >/dev/null && command -v timeout >/dev/null; then
        # shellcheck disable=SC2016 # for the other shell
        ! timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$ADDRESS" "$p" >/dev/null 2>&1 </dev/null
    else
        die "whether port $p of $ADDRESS answers cannot be seen: neither nc is there, nor bash and timeout (apt install netcat-openbsd)"
    fi || die "port $p of $ADDRESS still answers from here"
done

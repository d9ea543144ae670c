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
    if command -v nc >/dev/null && nc -z -w 2 "$ADDRESS" "$p" >/dev/null 2>&1; then
        die "port $p of $ADDRESS still answers from here"
    fi
done

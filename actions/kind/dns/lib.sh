# answer prints the addresses of a name, by the word of the server that has it.
# Inputs: RECORD, ASK (a name server; empty for the host's own).
# shellcheck shell=sh disable=SC2154
case ${TO_ADDRESS-} in *:*) type=AAAA ;; *) type=A ;; esac
answer() {
    if command -v dig >/dev/null; then
        dig +short +time=3 +tries=2 ${ASK:+"@$ASK"} "$RECORD" "$type" 2>/dev/null | grep -v '^;'
    elif command -v host >/dev/null; then
        host -W 3 -t "$type" "$RECORD" ${ASK:+"$ASK"} 2>/dev/null | sed -n 's/.* address //p'
    elif command -v nslookup >/dev/null; then
        nslookup -type="$type" "$RECORD" ${ASK:+"$ASK"} 2>/dev/null | awk '/^Name:/ { n = 1 } n && /^Address/ { print $NF }'
    else
        die 'none of dig, host and nslookup is there (apt install bind9-dnsutils)'
    fi
}

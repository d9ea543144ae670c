# Says how the peers of WireGuard are, in parts "== NAME" that end with the exit
# code. Never by "dump", which prints keys. Inputs: SUDO ("sudo -n" or nothing).
# shellcheck shell=sh disable=SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin
SUDO=${SUDO-}
if ! command -v wg >/dev/null; then
    echo missing
    exit 0
fi
ask() {
    printf '== %s\n' "$*"
    # shellcheck disable=SC2086 # words
    timeout 10 $SUDO wg show "$@" 2>&1 </dev/null
    # Of an interface without peers "endpoints" ends within a line.
    printf '\nexit %s\n' "$?"
}
ask interfaces
ask all latest-handshakes
ask all endpoints
ask all transfer
ask all persistent-keepalive
echo '== links'
for f in "${JURYMAST_ROOT-}"/sys/class/net/*/flags; do
    read -r flags 2>/dev/null <"$f" || continue
    dev=${f%/flags}
    echo "${dev##*/} $flags"
done
echo '== now'
date +%s
echo '== end'

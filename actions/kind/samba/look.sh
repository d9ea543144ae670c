# Says how a share is served by Samba, in parts "== NAME".
# Inputs: SHARE (its name), PORT, SUDO ("sudo -n" or nothing: who is connected,
# only root may know).
# shellcheck shell=sh disable=SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
SUDO=${SUDO-}

if ! command -v testparm >/dev/null; then
    echo missing
    exit 0
fi
set --
[ -z "${JURYMAST_ROOT-}" ] || set -- "$JURYMAST_ROOT/etc/samba/smb.conf"

echo '== smbd'
for comm in "${JURYMAST_ROOT-}"/proc/[0-9]*/comm; do
    read -r name 2>/dev/null <"$comm" && [ "$name" = smbd ] && echo running && break
done
echo '== port'
# The last four figures of an address are its port; 0A is one that listens.
awk -v port="$(printf '%04X' "$PORT")" '$4 == "0A" && substr($2, length($2) - 3) == port { print "listens"; exit }' \
    "${JURYMAST_ROOT-}/proc/net/tcp" "${JURYMAST_ROOT-}/proc/net/tcp6" 2>/dev/null
echo '== path'
testparm -s --section-name="$SHARE" --parameter-name=path "$@" 2>&1 </dev/null | grep -v -e '^Load smb config' -e '^Loaded services' -e '^Weak crypto' -e '^$' | tail -n 1
echo '== available'
testparm -s --section-name="$SHARE" --parameter-name=available "$@" 2>/dev/null </dev/null
echo '== shares'
testparm -s "$@" 2>/dev/null </dev/null | sed -n 's/^\[\(.*\)\]$/\1/p' | grep -v '^global$'
echo '== users'
# shellcheck disable=SC2086 # words
if out=$($SUDO smbstatus -S 2>/dev/null </dev/null) && [ -n "$out" ]; then
    printf '%s\n' "$out" | awk -v share="$SHARE" 'rule && $1 == share { n++ } /^-----/ { rule = 1 } END { print n + 0 }'
else
    echo unknown
fi
echo '== end'

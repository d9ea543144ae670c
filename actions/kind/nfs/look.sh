# Says how a folder is exported by NFS, in parts "== NAME".
# Inputs: AT (the folder), SUDO ("sudo -n" or nothing: only root may read the
# table of exports).
# shellcheck shell=sh disable=SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
SUDO=${SUDO-}
nfsd=${JURYMAST_ROOT-}/proc/fs/nfsd

if ! command -v exportfs >/dev/null; then
    echo missing
    exit 0
fi
echo '== threads'
# The unit is active also when no thread runs.
if [ -r "$nfsd/threads" ]; then
    cat "$nfsd/threads"
elif [ -r "${JURYMAST_ROOT-}/proc/net/rpc/nfsd" ]; then
    awk '$1 == "th" { print $2 }' "${JURYMAST_ROOT-}/proc/net/rpc/nfsd"
else
    echo 0
fi
echo '== exports'
# shellcheck disable=SC2086 # words
$SUDO exportfs -s </dev/null 2>&1 || echo "failed $?"
echo '== clients'
n=0
for info in "$nfsd"/clients/[0-9]*/info; do
    [ -e "$info" ] || continue
    n=$((n + 1))
done
if [ -d "$nfsd/clients" ] && { [ -r "$nfsd/clients" ] || [ "$(id -u)" = 0 ]; }; then
    echo "$n"
else
    echo unknown
fi
echo '== end'

# What is common to withdrawing exports from one host. Inputs: NAME (of the
# fence), CLIENT (as the exports name it), ADDRESS (as the server sees it), PATHS
# as EXPORTS (a line each; empty for all that name the client).
# shellcheck shell=sh disable=SC2034,SC2154
command -v exportfs >/dev/null || die 'exportfs is not there: no NFS server runs here'
tab=$(printf '\t')
mark="#jurymast-fence:$NAME "
# The ids of the sessions that were ended once nothing was exported any more, one a
# line; it is there only if all that there were are in it.
ended=${JURYMAST_ROOT-}/var/lib/jurymast/held/nfs-$(printf '%s' "$NAME" | tr -c 'A-Za-z0-9._@-' '_')

# see leaves in $table what is exported, path, tab, client, and ends it where that
# cannot be seen.
see() {
    table=$(exportfs -s 2>&1 </dev/null) || die "what is exported cannot be seen: ${table:-exportfs says nothing}"
    table=$(printf '%s\n' "$table" | sed "s/ \{1,\}\([^ (]*\)(.*/$tab\1/")
}

# mine prints the paths of $table that are exported to the client by name.
mine() {
    printf '%s\n' "$table" | awk -F "$tab" -v client="$CLIENT" -v address="$ADDRESS" -v only="$EXPORTS" '
        BEGIN { n = split(only, p, "\n"); for (i = 1; i <= n; i++) want[p[i]] }
        ($2 == client || $2 == address) && (only == "" || $1 in want) { print $1 tab $2 }' tab="$tab"
}

# sessions prints the folders of the sessions that the client has. A server that
# does not run has none; a kernel before 5.3 does not show them.
sessions() {
    nfsd=${JURYMAST_ROOT-}/proc/fs/nfsd
    [ -d "$nfsd/clients" ] || [ ! -e "$nfsd/threads" ] || die 'the kernel does not say who has sessions: 5.3 and later do'
    for d in "${JURYMAST_ROOT-}"/proc/fs/nfsd/clients/*/; do
        if sed -n 's/^address: "\(.*\):[0-9]*"$/\1/p' "$d/info" 2>/dev/null | grep -qxF -e "$ADDRESS" -e "[$ADDRESS]" -e "::ffff:$ADDRESS" -e "[::ffff:$ADDRESS]"; then
            printf '%s\n' "$d"
        fi
    done
}

# session_id prints the id of the session in a folder: each has one of its own.
session_id() { sed -n 's/^clientid: \(0x[0-9a-f][0-9a-f]*\)$/\1/p' "$1/info" 2>/dev/null; }

# marked tells whether this fence has changed a file.
marked() {
    files | while read -r f; do
        ! grep -qF "$mark" "$f" || echo yes
    done | grep -q yes
}

# files prints the files that say what is exported.
files() {
    for f in "${JURYMAST_ROOT-}/etc/exports" "${JURYMAST_ROOT-}"/etc/exports.d/*.exports; do
        [ ! -f "$f" ] || printf '%s\n' "$f"
    done
}

#!/bin/sh
# df [-P] [-k] [-i] [-l] [-T] [-h] [PATH...]: from lab/df, lines of
# "DEVICE TYPE SIZE USED FREE INODES IUSED MOUNT", sizes in KiB. A path is
# answered by the file system that the machine has there.
inodes=0 local_only=0 types=0 skip='' only=''
while [ $# -gt 0 ]; do
    case $1 in
    --)
        shift
        break
        ;;
    --exclude-type=*) skip="$skip ${1#*=}" ;;
    --type=*) only="$only ${1#*=}" ;;
    --local) local_only=1 ;;
    --inodes) inodes=1 ;;
    --*) ;;
    -x)
        skip="$skip $2"
        shift
        ;;
    -t)
        only="$only $2"
        shift
        ;;
    -*)
        case $1 in *i*) inodes=1 ;; esac
        case $1 in *l*) local_only=1 ;; esac
        case $1 in *T*) types=1 ;; esac
        ;;
    *) break ;;
    esac
    shift
done
root=${JURYMAST_ROOT:?}
code=0
wanted=''
for path; do
    if [ ! -e "$path" ] && [ ! -e "$root/$path" ]; then
        echo "df: $path: No such file or directory" >&2
        code=1
        continue
    fi
    case $path in
    "$root" | "$root"/*) path=${path#"$root"} ;;
    esac
    wanted="$wanted${path:-/}
"
done
[ $# = 0 ] || [ -n "$wanted" ] || exit 1
WANTED=$wanted awk -v inodes="$inodes" -v local_only="$local_only" -v types="$types" -v skip="$skip " -v only="$only " '
function row(i,    total, used, free, share) {
    total = inodes ? count[i] : size[i]
    used = inodes ? taken[i] : spent[i]
    free = inodes ? total - used : left[i]
    share = used + free > 0 ? int((used * 100 + used + free - 1) / (used + free)) "%" : "-"
    printf "%s %s%d %d %d %s %s\n", device[i], types ? kind[i] " " : "", total, used, free, share, mount[i]
}
{
    n++
    device[n] = $1; kind[n] = $2; size[n] = $3; spent[n] = $4; left[n] = $5; count[n] = $6; taken[n] = $7
    mount[n] = $8
    for (j = 9; j <= NF; j++) mount[n] = mount[n] " " $j
}
END {
    type = types ? "Type " : ""
    print inodes ? "Filesystem " type "Inodes IUsed IFree IUse% Mounted on" : "Filesystem " type "1024-blocks Used Available Capacity Mounted on"
    paths = split(ENVIRON["WANTED"], path, "\n") - 1
    if (paths < 1) {
        for (i = 1; i <= n; i++) {
            if (local_only && (kind[i] ~ /^(nfs|cifs|smb|fuse)/)) continue
            if (index(skip, " " kind[i] " ")) continue
            if (only != " " && !index(only, " " kind[i] " ")) continue
            row(i)
        }
        exit
    }
    for (p = 1; p <= paths; p++) {
        best = 0
        for (i = 1; i <= n; i++) {
            m = mount[i] == "/" ? "" : mount[i]
            if (index(path[p] "/", m "/") == 1 && (!best || length(m) >= length(mount[best] == "/" ? "" : mount[best]))) best = i
        }
        if (best) row(best)
    }
}' "$root/lab/df"
exit "$code"

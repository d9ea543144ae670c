# What the scripts have in common that send datasets, behind line.sh and
# facts.sh. Inputs besides: NAME (of the repository).
# shellcheck shell=sh disable=SC2034,SC2154

# ours_here is what the names of snapshots and bookmarks here begin with: of this
# backup, to this repository.
ours_here=jurymast:$NAME:${TAG-}:

# dataset sets $ds to the dataset that is mounted at a path, and ends it with 1
# and the reason in $tmp/zfs.err unless there is one.
dataset() {
    zfs list -H -o name,mountpoint "$1" >"$tmp/dataset" 2>"$tmp/zfs.err" </dev/null || return 1
    ds=$(cut -f 1 "$tmp/dataset")
    mountpoint=$(cut -f 2- "$tmp/dataset")
    [ "$mountpoint" != legacy ] || mountpoint=$(df -Pk "$1" 2>/dev/null | awk 'NR == 2 { sub(/^([^ ]+ +)+[0-9]+% +/, ""); print }')
    [ "$mountpoint" = "$1" ] && return
    echo "it lies in the dataset $ds, which is mounted at $mountpoint: copy that, or make it a dataset of its own" >"$tmp/zfs.err"
    return 1
}

# here writes to $tmp/here what snapshots and bookmarks $ds has: "GUID NAME".
here() { zfs list -H -p -d 1 -t snapshot,bookmark -o guid,name -s createtxg "$ds" >"$tmp/here" 2>"$tmp/zfs.err" </dev/null || die "$ds: $(told)"; }

# common prints the newest copy of which this host has the snapshot that was
# sent, or a bookmark of it, as "ID CHAIN SOURCE", by the GUIDs in $tmp/answer,
# which list left there. It must be the last of its dataset there, on top of which
# alone more is received, and no copy in that damaged: they share what is spoilt.
common() {
    if [ -z "${ds-}" ]; then
        [ -s "$tmp/far" ] || return 1
        read -r _ _ _ _ _ from <"$tmp/far"
        dataset "$from" || die "it is not known which copy both sides have: $from: $(told)"
    fi
    here
    awk '
        $1 == "damaged" { spoilt[$3] = 1 }
        $1 == "head" { head[$3] = $0 }
        END { for (c in head) if (!(c in spoilt)) print head[c] }' "$tmp/answer" | sort -k2,2nr | awk -v here="$tmp/here" -v ds="$ds" '
        BEGIN {
            # Of a snapshot and a bookmark with one GUID the snapshot is taken.
            while ((getline line <here) > 0) {
                split(line, f, "\t")
                name = substr(f[2], length(ds) + 1)
                if (!(f[1] in by) || name ~ /^@/) by[f[1]] = name
            }
        }
        ($4 in by) && $5 ~ /^jurymast:/ {
            id = $5
            sub(/.*:/, "", id)
            print id, $3, by[$4]
            found = 1
            exit
        }
        END { exit !found }'
}

# seat makes the folder that a copy is written to.
seat() { mkdir "$1"; }

# words reads what zfs receive said and prints it with its last complaint as one
# line, without the token, which is asked for.
words() {
    awk '
        /^cannot / { whole = ""; begun = 1 }
        /^A resuming stream/ { if (begun) begun = 2 }
        begun == 1 && NF { whole = whole (whole == "" ? "" : " ") $0 }
        !begun
        END { if (whole != "") print whole }'
}

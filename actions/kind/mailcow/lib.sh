# What the scripts for the data of a mailcow have in common, behind
# directory/common.sh. Inputs: DIR, PROJECT.
# shellcheck shell=sh disable=SC2034,SC2154

dir=${JURYMAST_ROOT-}$DIR
parts='vmail crypt redis rspamd postfix mariadb'

# archive prints the file of a part, whichever way it was packed.
archive() {
    for packed in "$1/backup_$2.tar.zst" "$1/backup_$2.tar.gz"; do
        if [ -s "$packed" ]; then
            printf '%s\n' "$packed"
            return 0
        fi
    done
    return 1
}

# unpacked writes what an archive holds, as a tar.
unpacked() {
    case $1 in
    *.zst) zstd -dcq "$1" ;;
    *) gzip -dc "$1" ;;
    esac
}

# read_back reads every archive of a backup to its end, and counts what is in it.
read_back() {
    for part in $parts; do
        file=$(archive "$1" "$part") || die "the backup has no $part"
        case $file in *.zst) command -v zstd >/dev/null || die 'zstd is not installed, and the backup cannot be read back without it' ;; esac
        # Of a pipe only the last one's code is told. What packs comes to a good end
        # though tar was ended before it: then it is tar that sees it.
        n=$({ unpacked "$file" || echo broken >&3; } 3>"$tmp/broken" | { tar -tf - 2>"$tmp/err" || echo cut >&4; } 4>"$tmp/cut" | grep -c .)
        [ ! -s "$tmp/broken" ] || die "the archive of $part cannot be read back: it is damaged"
        [ ! -s "$tmp/cut" ] || die "the archive of $part cannot be read back: $(grep -v 'Removing leading' "$tmp/err" | head -n 1)"
        [ "$n" -gt 0 ] || die "the archive of $part holds nothing"
        printf '%s %s\n' "$part" "$n"
    done
}

# newest prints the folder of the backup in a place; there must be one.
newest() {
    set -- "$1"/mailcow-*
    [ "$#" = 1 ] && [ -d "$1" ] && printf '%s\n' "$1"
}

# What is common to repositories that keep one archive a copy.
#
# A copy is two files, its archive ID and a mark:
#
#   20261121T014824Z-RUN.tar.zst
#   20261121T014824Z-RUN.tar.zst.4096b.12f.sha256        its sum; bytes and files
#   20261121T014824Z-RUN.tar.zst.4096b.12f.partial.sha256  not all could be read
#
# The mark is written last: an archive without one is no copy but what a run
# that was cut off left behind.
# shellcheck shell=sh disable=SC2034,SC2154

work

# choose sets the compression: $ext and $pack.
choose() {
    if command -v zstd >/dev/null; then
        ext=.zst pack='zstd -q -T0'
    elif command -v gzip >/dev/null; then
        ext=.gz pack=gzip
    else
        ext='' pack=cat
    fi
}

# unpacker prints what undoes the compression of an archive.
unpacker() {
    case $1 in
    *.zst) command -v zstd >/dev/null || { echo "zstd is not installed, and $1 needs it" >&2; return 1; } && echo 'zstd -dcq' ;;
    *.gz) echo 'gzip -dc' ;;
    *) echo cat ;;
    esac
}

# sum prints the sha256 of what it reads.
sum() {
    if command -v sha256sum >/dev/null; then
        sha256sum | cut -d ' ' -f 1
    elif command -v sha256 >/dev/null; then
        sha256 -q
    else
        openssl dgst -sha256 -r | cut -d ' ' -f 1
    fi
}

# attributes sets $keeping to what makes tar keep lists of access and
# attributes, where it can.
attributes() {
    keeping=
    case $(tar --help 2>/dev/null) in
    *--xattrs-include*) keeping='--acls --xattrs --xattrs-include=* --numeric-owner --sparse' ;;
    esac
}

# marks reads names of marks and prints "ID UNIX-TIME BYTES FILES SORT RUN" for
# those that are marks of ours.
marks() {
    awk '
        {
            name = $0
            if (!sub(/\.sha256$/, "", name)) next
            sort = sub(/\.partial$/, "", name) ? "partial" : "complete"
            if (!match(name, /\.[0-9]+b\.[0-9]+f$/)) next
            size = substr(name, RSTART + 1)
            id = substr(name, 1, RSTART - 1)
            if (id !~ /^[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z-[^\/ ]+\.tar(\.zst|\.gz)?$/) next
            split(size, n, /[bf.]+/)
            run = substr(id, 18)
            sub(/\.tar(\.zst|\.gz)?$/, "", run)
            y = substr(id, 1, 4) + 0
            m = substr(id, 5, 2) + 0
            d = substr(id, 7, 2) + 0
            if (m <= 2) y--
            era = int(y / 400)
            yoe = y - era * 400
            doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
            doe = yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy
            t = (era * 146097 + doe - 719468) * 86400 + substr(id, 10, 2) * 3600 + substr(id, 12, 2) * 60 + substr(id, 14, 2)
            printf "%s %.0f %s %s %s %s\n", id, t, n[1], n[2], sort, run
        }' | sort -k2,2nr -k1,1r
}

# known ends it unless $COPY is the name of an archive of ours.
known() {
    case $COPY in
    */* | -* | .* | *' '*) die "$COPY is no copy of this repository" ;;
    [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z-*.tar*) ;;
    *) die "$COPY is no copy of this repository" ;;
    esac
}

# archive writes the paths that it is given to $1, compressed, and sets $sum,
# $packed (the size of the archive), $files, $bytes and $partial.
archive() {
    to=$1
    shift
    partial=
    measured=$(measure "$@")
    files=${measured% *} bytes=${measured#* }
    attributes
    for p in "$@"; do
        shift
        set -- "$@" ".$p"
    done
    rm -f "$tmp/pipe"
    mkfifo "$tmp/pipe" || exit 1
    : >"$to" || die "$to cannot be written"
    sum <"$tmp/pipe" >"$tmp/sum" &
    # A pipe tells how its last command ended; of the others that is noted.
    # shellcheck disable=SC2086 # words
    {
        tar -C / -c $keeping -f - "$@" 2>"$tmp/tar.err"
        echo "$?" >"$tmp/tar.code"
    } | {
        $pack 2>"$tmp/pack.err"
        echo "$?" >"$tmp/pack.code"
    } | {
        tee "$tmp/pipe" >"$to" 2>"$tmp/write.err"
        echo "$?" >"$tmp/write.code"
    }
    wait
    [ "$(cat "$tmp/write.code")" = 0 ] || die "$to cannot be written: $(tail -n 1 "$tmp/write.err")"
    [ "$(cat "$tmp/pack.code")" = 0 ] || die "${pack%% *}: $(tail -n 1 "$tmp/pack.err")"
    sum=$(cat "$tmp/sum")
    flush "$to"
    # What lies there now is read again: it is to be what was sent, and whole.
    how=$(unpacker "${to%.part}") || exit 1
    $how <"$to" 2>/dev/null | tar -tf - >/dev/null 2>"$tmp/list.err" || die "$to cannot be read again: $(tail -n 1 "$tmp/list.err")"
    [ "$(sum <"$to")" = "$sum" ] || die "$to is not what was written to it"
    packed=$(wc -c <"$to" | tr -d ' ')
    if [ "$(cat "$tmp/tar.code")" != 0 ]; then
        grep -q . "$tmp/tar.err" || die "tar ended with $(cat "$tmp/tar.code")"
        partial=$(grep -v 'Exiting with failure status' "$tmp/tar.err" | head -n 1)
    fi
    if [ -n "$absent" ]; then
        partial="${partial:+$partial; }not there: $(printf '%s' "$absent" | tr '\n' ' ' | sed 's/ $//')"
    fi
}

# unpack writes the archive that it reads, named $1, below $INTO.
unpack() {
    attributes
    how=$(unpacker "$1") || exit 1
    # shellcheck disable=SC2086 # words
    {
        $how 2>"$tmp/pack.err"
        echo "$?" >"$tmp/pack.code"
    } | tar -C "$INTO" -xp $keeping -f - 2>"$tmp/tar.err" || die "the copy cannot be extracted: $(tail -n 1 "$tmp/tar.err")"
    [ "$(cat "$tmp/pack.code")" = 0 ] || die "the copy cannot be unpacked: $(tail -n 1 "$tmp/pack.err")"
}

# mark prints the name of the mark of an archive.
mark() {
    printf '%s.%sb.%sf%s.sha256' "$1" "$bytes" "$files" "${partial:+.partial}"
}

# listed says copies, as lines of marks, as @copy-N.
listed() {
    awk '{ printf "@copy-%d %s\n", NR, $0 }'
}

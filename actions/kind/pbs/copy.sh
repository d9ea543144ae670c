# Copies $PATHS. Says @copy, @bytes and @files, @partial when not all was read.
# Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

# say tells of the copy that this run has made. It ends with 1 when there is
# none.
say() {
    found >"$tmp/found" || die "$(why "$?")"
    read -r copy _ bytes files sort _ _ coding <"$tmp/found" || return 1
    [ -z "${KEY-}" ] || [ "$coding" = encrypted ] || die "the copy $copy was made and is not encrypted, though a key is set"
    printf '@copy %s\n@bytes %s\n@files %s\n' "$copy" "$bytes" "$files"
    [ "$sort" != partial ] || printf '@partial %s\n' "${partial:-not everything could be read}"
}

partial=
if say; then
    exit 0
fi
for p in "$@"; do
    [ -d "$p" ] || die "$p is no folder, and a Proxmox Backup Server takes folders: name the one that it lies in"
    case $p in *'
'*) die "a path holds a newline" ;; esac
done
measured=$(measure "$@")
files=${measured% *} bytes=${measured#* }
n=0
: >"$tmp/note"
for p in "$@"; do
    shift
    n=$((n + 1))
    printf 'p%s.pxar %s\n' "$n" "$p" >>"$tmp/note"
    set -- "$@" "p$n.pxar:$p"
done
now=$(date -u '+%s %Y-%m-%dT%H:%M:%SZ')
at=${now#* }
copy=host/$label/$at
# Other file systems below a path are part of it, as they are everywhere here.
coded backup "$@" "jurymast.conf:$tmp/note" --backup-type host --backup-id "$label" --backup-time "${now% *}" \
    --all-file-systems true >"$tmp/out" || die "$(why "$?")"
grep -hE 'failed to open file|file vanished while reading|while reading: .*(padded|truncated)|after read error' "$tmp/err" "$tmp/out" >"$tmp/bad"
if [ -s "$tmp/bad" ]; then
    partial="$(grep -c . "$tmp/bad") could not be read as they were: $(head -n 1 "$tmp/bad")"
fi
if [ -n "$absent" ]; then
    partial="${partial:+$partial; }not there: $(printf '%s' "$absent" | tr '\n' ' ' | sed 's/ $//')"
fi
sort=whole
[ -z "$partial" ] || sort=partial
once snapshot notes update "$copy" "jurymast run=$RUN at=$at bytes=$bytes files=$files $sort" >/dev/null ||
    die "the copy was made and could not be marked as one: $(why "$?")"
say || die "the copy was made, and $REPOSITORY does not list it"

# Has the node that has the guest copy it, and judges that by the task's own
# verdict and by what the storage lists. Says @copy and @bytes; @partial when the
# task warns. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2154

# made prints the copy that this run made, "ID BYTES STATE".
made() {
    copies >"$tmp/copies" || die "the copies in $STORAGE cannot be listed: $(why 'nothing was said')"
    awk -v run="$RUN" '$5 == run { print $1, $3, $8; exit }' "$tmp/copies"
}

# say tells of it, once its verdict is known.
say() {
    line=$(made) || exit 1
    # shellcheck disable=SC2086 # words
    set -- $line
    [ "$#" = 3 ] && [ "$3" != begun ] || return 1
    printf '@copy %s\n@bytes %s\n' "$1" "$2"
    [ "$3" = whole ] || printf '@partial %s\n' "${partial:-its task ended with warnings}"
}

partial=
if say; then
    exit 0
fi
steady
guest "$GUEST" || die "no node of this cluster has guest $GUEST"
if [ -n "$line" ]; then
    partial='this run was cut off before it was seen how the task ended'
else
    # Retention is ours: --remove would take away what others made. What another
    # backup of the node holds up waits for it.
    task create "/nodes/$who/vzdump" --vmid "$GUEST" --storage "$STORAGE" --mode "$MODE" --compress zstd --remove 0 \
        --notes-template "jurymast backup=$TAG run=$RUN begun" ||
        die "$who did not copy guest $GUEST: $verdict${upid:+; see pvenode task log $upid}"
    printf '@task %s\n' "$upid"
    partial=$(warned)
fi
copied=$(made) || exit 1
copied=${copied%% *}
[ -n "$copied" ] || die "task $upid says $verdict, and $STORAGE lists no copy of guest $GUEST with the mark of this run"
state=whole
[ -z "$partial" ] || state=partial
timeout 120 pvesh set "/nodes/$me/storage/$STORAGE/content/$copied" --notes "jurymast backup=$TAG run=$RUN $state" >/dev/null 2>"$tmp/err" </dev/null ||
    die "the copy $copied was made and could not be marked as one: $(why 'nothing was said')"
say || die "the copy $copied was made, and $STORAGE does not list it as one"

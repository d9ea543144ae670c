# Makes new data of the dump in $FROM beside that of the server, which is
# stopped, holds it against the copy, and exchanges the two folders. What was
# there is renamed by $ASIDE.
# shellcheck shell=sh disable=SC2154
whole
work
locate
[ -z "$(holder "$DATA")" ] || die "the server in $DATA is not stopped"
new=$DATA.new$ASIDE
if [ -e "$DATA$ASIDE" ] || [ -e "$DATA.none$ASIDE" ]; then
    if [ -e "$DATA" ] && [ ! -e "$new/ready" ]; then
        rm -rf "$new"
        exit 0 # all of it is done
    fi
fi
# Nothing is touched that cannot be exchanged.
for name in innodb-data-home-dir innodb-log-group-home-dir innodb-undo-directory aria-log-dir-path; do
    at=$(configured "$name")
    case ${at%/} in
    '' | . | "$DATA") ;;
    *) [ "$(cd "$at" 2>/dev/null && pwd -P)" = "$DATA" ] || die "$name is $at: data in more than one folder cannot be exchanged" ;;
    esac
done
case $(configured innodb-data-file-path) in
*/*) die "innodb-data-file-path is $(configured innodb-data-file-path): data in more than one folder cannot be exchanged" ;;
esac
if [ -d "$DATA" ] && [ -r "${JURYMAST_ROOT-}/proc/mounts" ] && awk -v at="$DATA" '$2 == at { found = 1 } END { exit !found }' "${JURYMAST_ROOT-}/proc/mounts"; then
    die "$DATA is a mount point, which cannot be renamed: keep the data in a folder of that disk, and set datadir"
fi

if [ ! -e "$new/ready" ]; then
    end_beside "$new" || die "the server in $new of an earlier attempt does not end"
    rm -rf "$new"
    need=$(wc -c <"$FROM/databases.sql" | tr -d ' ')
    free=$(free_at "${DATA%/*}/")
    [ "$free" -gt $((need * 3)) ] || die "${DATA%/*} has $free bytes free, and $((need * 3)) may be needed"
    for name in innodb-page-size innodb-data-file-path innodb-undo-tablespaces lower-case-table-names; do
        printf -- '--%s=%s\n' "$name" "$(configured "$name")"
    done >"$tmp/settings"
    bring "$new"
    (compare apart strict) >/dev/null || exit 1
    apart -e "drop user 'jurymast.restore'@localhost" || die 'the user of the restore cannot be removed'
    end_beside "$new" || die "the server in $new does not end"
    grep -q 'Shutdown complete' "$new/log.err" || die "the server in $new was not shut down cleanly: see its log there"
    flush
    : >"$new/ready" || exit 1
fi
if [ ! -e "$DATA$ASIDE" ] && [ ! -e "$DATA.none$ASIDE" ]; then
    if [ -e "$DATA" ]; then
        mv "$DATA" "$DATA$ASIDE" || exit 1
    else
        : >"$DATA.none$ASIDE" || exit 1
    fi
fi
if [ -e "$new/data" ]; then
    [ ! -e "$DATA" ] || die "$DATA was made anew meanwhile: find out by what"
    mv "$new/data" "$DATA" || exit 1
fi
! command -v restorecon >/dev/null || restorecon -R "$DATA" || true
flush
rm -rf "$new"

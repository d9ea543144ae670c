# What putting a database in place and taking it away again have in common.
# shellcheck shell=sh disable=SC2154

# unused ends it when a process has a database open: it would go on writing to
# the one that is set aside. Files are told by what they are and not by their
# names, which are others in a container.
unused() {
    for part in "$f" "$f-wal" "$f-shm" "$f$ASIDE"; do
        [ -e "$part" ] || continue
        for open in /proc/[0-9]*/fd/*; do
            # shellcheck disable=SC3013 # dash, busybox and bash have it
            if [ "$open" -ef "$part" ]; then
                user=${open#/proc/}
                user=${user%%/*}
                die "$f is open in process $user ($(cat "/proc/$user/comm" 2>/dev/null)): stop it first"
            fi
        done
    done
}

# along moves what belongs to a database from beside one name to beside another:
# its log, which may hold all that was written last, or the journal of a cut.
along() {
    for part in -wal -shm -journal; do
        if [ -e "$1$part" ]; then
            mv "$1$part" "$2$part" || exit 1
        fi
    done
}

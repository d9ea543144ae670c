# Opens the databases of the dump in $FROM one after the other in a folder of
# their own, as an application would, and holds them against the copy. Inputs:
# FROM, ASIDE, SCRATCH (the folder in which they may lie).
# shellcheck shell=sh disable=SC2154
[ -n "$client" ] || die 'sqlite3 is not installed: apt install sqlite3'
whole
work
case $ASIDE in .jurymast-?*) ;; *) die 'no run is named' ;; esac
drill=$SCRATCH/sqlite$ASIDE
rm -rf "$drill"
mkdir "$drill" || die "$drill cannot be made"
tried() {
    free=$(free_at "$SCRATCH")
    need=$(bytes "$FROM/$n.db")
    [ "$free" -gt $((need * 2)) ] || die "$SCRATCH has $free bytes free, and $((need * 2)) may be needed: set scratch"
    cp "$FROM/$n.db" "$drill/$n.db" || die "there is no room in $drill"
    sound "$drill/$n.db"
    judge "$drill/$n.db" strict
    rm -f "$drill/$n.db" "$drill/$n.db-wal" "$drill/$n.db-shm"
}
each tried || exit 1
verdict
rm -rf "$drill"

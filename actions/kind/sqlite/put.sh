# Puts the databases in $FROM in the place of the live ones, which are renamed by
# $ASIDE, their logs with them. What else lies in their folders stays.
# shellcheck shell=sh disable=SC2154
[ -n "$client" ] || die 'sqlite3 is not installed: apt install sqlite3'
whole
work
case $ASIDE in .jurymast-?*) ;; *) die 'no run is named' ;; esac

# Nothing is touched unless all of it can be put in place.
could() {
    unused
    [ ! -L "$f" ] || die "$f is a symbolic link: what it leads to is to be named"
    sound "$FROM/$n.db" -readonly
    rm -f "$FROM/$n.db-wal" "$FROM/$n.db-shm"
}
each could || exit 1

place() {
    if [ -e "$f" ] && { [ -e "$f$ASIDE" ] || [ -e "$f$ASIDE.none" ]; }; then
        return 0 # it has been put in place
    fi
    mkdir -p "${f%/*}/" || exit 1
    if [ -e "$f" ]; then
        mv "$f" "$f$ASIDE" || exit 1
    elif [ ! -e "$f$ASIDE" ]; then
        : >"$f$ASIDE.none" || exit 1
    fi
    # A log that stays would be taken for that of the new one.
    along "$f" "$f$ASIDE"
    cp "$FROM/$n.db" "$f.part$ASIDE" || die "there is no room for $f"
    [ "$(id -u)" != 0 ] || chown "$owner:$group" "$f.part$ASIDE" || exit 1
    chmod "$mode" "$f.part$ASIDE" || exit 1
    flush "$f.part$ASIDE"
    mv "$f.part$ASIDE" "$f" || exit 1
}
each place || exit 1
flush

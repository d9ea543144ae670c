# Undoes put.sh: what was set aside by $ASIDE is in its place again.
# shellcheck shell=sh disable=SC2154
case $ASIDE in .jurymast-?*) ;; *) die 'no run is named' ;; esac
[ -f "$FROM/files" ] || exit 0 # nothing was put
each unused || exit 1

back() {
    rm -f "$f.part$ASIDE"
    if [ -e "$f" ] && { [ -e "$f$ASIDE" ] || [ -e "$f$ASIDE.none" ]; }; then
        rm -f "$f-wal" "$f-shm" "$f-journal" && rm -f "$f" || exit 1
    fi
    along "$f$ASIDE" "$f"
    if [ -e "$f$ASIDE" ]; then
        mv "$f$ASIDE" "$f" || exit 1
    fi
    rm -f "$f$ASIDE.none"
}
each back || exit 1
flush

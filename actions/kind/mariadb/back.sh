# Undoes put.sh: what was set aside by $ASIDE is in its place again.
# shellcheck shell=sh disable=SC2154
locate
case $ASIDE in .jurymast-?*) ;; *) die 'no run is named' ;; esac
new=$DATA.new$ASIDE
undone=$DATA.undone$ASIDE
end_beside "$new" || die "the server in $new does not end"
if [ -e "$DATA$ASIDE" ] || [ -e "$DATA.none$ASIDE" ]; then
    stop || die "the server in $DATA does not stop"
    if [ -e "$DATA" ]; then
        rm -rf "$undone" && mv "$DATA" "$undone" || exit 1
    fi
    if [ -e "$DATA$ASIDE" ]; then
        mv "$DATA$ASIDE" "$DATA" || exit 1
    fi
    rm -f "$DATA.none$ASIDE"
fi
rm -rf "$new" "$undone"

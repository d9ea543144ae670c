# Puts the keys in $FROM in the place of those of the server, which is stopped.
# What is there is renamed by $ASIDE. A server with appendonly on would not read
# the file and start empty: it is given an append-only file made of the copy.
# shellcheck shell=sh disable=SC2154
whole
read_back "$FROM/dump.rdb" >/dev/null || exit 1
[ "$(condition)" = stopped ] || die "the server on port $SERVER_PORT is not stopped"
recall || dir=
[ -n "$dir" ] || die 'where it keeps its data was not written down when it was stopped'
new=$dir/new$ASIDE
end_beside "$new" || die "a server in $new does not end"
ours "$new"
beside "$new"
if [ "$appendonly" = yes ]; then
    apart "$new" CONFIG SET appendfilename "$aof" >/dev/null
    [ "$(apart "$new" CONFIG SET appendonly yes)" = OK ] || die 'no append-only file can be made of the copy'
    until apart "$new" INFO persistence | grep -q '^aof_rewrite_in_progress:0' && apart "$new" INFO persistence | grep -q '^aof_rewrite_scheduled:0'; do
        pause
    done
    apart "$new" INFO persistence | grep -q '^aof_last_bgrewrite_status:ok' || die 'no append-only file can be made of the copy: see its log'
fi
made=$(apart "$new" CONFIG GET appenddirname | sed -n 2p)
apart "$new" CONFIG SET save '' >/dev/null
apart "$new" SHUTDOWN NOSAVE >/dev/null
tries=0
while [ -e "$new/pid" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || die "a server in $new does not end"
    pause
done

# place sets $2 aside once, and puts $1 there.
place() {
    if [ ! -e "$2$ASIDE" ] && [ ! -e "$2$ASIDE.none" ]; then
        if [ -e "$2" ]; then
            mv "$2" "$2$ASIDE" || exit 1
        else
            : >"$2$ASIDE.none" || exit 1
        fi
    fi
    [ -z "$1" ] || { rm -rf "$2" && mv "$1" "$2"; } || exit 1
}
if [ "$appendonly" = yes ]; then
    if [ -n "$aofdir" ]; then
        place "$new/$made" "$dir/$aofdir"
    else
        place "$new/$aof" "$dir/$aof"
    fi
fi
place "$new/dump.rdb" "$dir/$rdb"
rm -rf "$new"
flush

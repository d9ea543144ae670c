# What the scripts that take servers out of turn have in common, behind lib.sh.
# shellcheck shell=sh disable=SC2154

# serving prints how many sessions a server has.
serving() { tell 'show stat' | awk -F, -v b="$BACKEND" -v s="$1" '$1 == b && $2 == s { print $5; exit }'; }

# rests says why a server does not take part, or nothing.
rests() {
    now=$(state "$1")
    admin=${now#* * } admin=${admin%% *}
    up=${now#* } up=${up%% *}
    case $admin in
    '' | *[!0-9]*)
        echo 'its state is not known'
        return
        ;;
    esac
    # 1, 2 and 32 are maintenance; 4 only says that it began so (server-t.h).
    if [ $((admin & 35)) != 0 ]; then
        echo 'it is in maintenance'
    elif [ $((admin & 24)) != 0 ]; then
        echo 'it is drained'
    elif [ "$up" != 2 ]; then
        echo "it is not up in HAProxy's eyes"
    fi
}

is_server() { servers | grep -qxF "$TO" || die "backend $BACKEND has no server $TO"; }

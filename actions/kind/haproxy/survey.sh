# Whether HAProxy can be told.
# shellcheck shell=sh disable=SC2154
have=$(servers)
[ -n "$have" ] || die "there is no backend $BACKEND, or $SOCKET does not let it be asked"
if [ -n "$SERVER" ] && ! printf '%s\n' "$have" | grep -qxF "$SERVER"; then
    die "backend $BACKEND has no server $SERVER, but: $(printf '%s' "$have" | tr '\n' ' ')"
fi
case $(tell "set server $BACKEND/no-such-server weight 1" | grep -v '^$') in
*'ermission denied'*) die "$SOCKET is not of level admin" ;;
esac

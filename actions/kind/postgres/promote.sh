# Makes the standby here the active one.
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
case $(condition) in
primary) ;;
standby)
    # A second call while the first is at work says so, and is no failure.
    ask -c 'select pg_promote(true, 60)' >/dev/null 2>&1
    tries=0
    until [ "$(ask -c 'select pg_is_in_recovery()' 2>/dev/null)" = f ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || die 'the standby was told to take over and is still one after a minute: see its log'
        pause
    done
    ;;
*) die "no standby runs here on port $SERVER_PORT" ;;
esac

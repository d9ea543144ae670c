# Stops the server, its data kept.
# shellcheck shell=sh disable=SC2154
is=$(condition)
case $is in
stopped) exit 0 ;;
active | standby | fenced) remember ;;
*) die "the server on port $SERVER_PORT cannot be asked: it is $is" ;;
esac
stop || die 'it does not stop'

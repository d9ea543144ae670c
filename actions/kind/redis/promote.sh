# Makes the replica here the active one, for good.
# shellcheck shell=sh disable=SC2154
case $(condition) in
active) ;;
standby)
    said=$(cli REPLICAOF NO ONE)
    [ "$said" = OK ] || [ "$(condition)" = active ] || die "it cannot take over: $said"
    ;;
*) die "no replica runs here on port $SERVER_PORT" ;;
esac
[ "$(condition)" = active ] || die 'it was told to take over and did not'
keep

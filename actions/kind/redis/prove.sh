# Asks the live server, and holds its keys against the copy in $FROM where there
# is one.
# shellcheck shell=sh disable=SC2154
is=$(condition)
case $is in
active | standby | fenced) ;;
*) die "the server on port $SERVER_PORT does not answer: it is $is" ;;
esac
have=$(keys)
if [ ! -f "${FROM-/none}/keys" ]; then
    printf '@level answered\n@proof it answers and has %s keys\n' "${have% *}"
    exit 0
fi
judge "$have" live

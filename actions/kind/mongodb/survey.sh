# Says whether and how much can be copied. Input: FOLDER (where dumps lie).
# shellcheck shell=sh disable=SC2154
for tool in mongosh mongodump; do
    command -v "$tool" >/dev/null || { echo "@missing $tool" && exit 0; }
done
printf '@scratch %s\n@free %s\n' "$FOLDER" "$(free_at "${JURYMAST_ROOT-}$FOLDER")"
work
credentials
said=$(asked "$look" | tail -n 1)
case $said in
'{'*'"error"'*) trouble "the server cannot be asked: $(printf '%s' "$said" | sed 's/.*"error":"\([^"]*\)".*/\1/')" ;;
'{'*'"hello"'*) ;;
*) trouble "the server on port $SERVER_PORT cannot be asked: $said" ;;
esac
printf '@version %s\n@bytes %s\n' "$(printf '%s' "$said" | sed -n 's/.*"version":"\([^"]*\)".*/\1/p')" "$(printf '%s' "$said" | sed -n 's/.*"bytes":\([0-9]*\).*/\1/p')"
case $said in
*'"primary":true'* | *'"secondary":true'*) ;;
*) trouble 'it is neither the active one nor a standby now: it cannot be dumped' ;;
esac

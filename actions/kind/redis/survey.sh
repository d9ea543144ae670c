# Says whether and how much can be copied. Input: FOLDER (where dumps lie).
# shellcheck shell=sh disable=SC2154
[ -n "$client" ] || { echo "@missing redis-cli" && exit 0; }
printf '@scratch %s\n@free %s\n' "$FOLDER" "$(free_at "${JURYMAST_ROOT-}$FOLDER")"
is=$(condition)
case $is in
active | standby | fenced) ;;
*) lost "the server on port $SERVER_PORT cannot be asked: it is $is" ;;
esac
printf '@version %s\n@bytes %s\n' "$(info server redis_version)" "$(info memory used_memory)"
[ "$(info persistence rdb_last_bgsave_status)" = ok ] || trouble 'its last save failed: see its log, and whether its disk is full'

# Says whether and how much can be copied. Input: FOLDER (where dumps lie).
# shellcheck shell=sh disable=SC2154
command -v docker >/dev/null || { echo '@missing docker' && exit 0; }
command -v bash >/dev/null || { echo '@missing bash' && exit 0; }
printf '@scratch %s\n@free %s\n' "$FOLDER" "$(free_at "${JURYMAST_ROOT-}$FOLDER")"
[ -f "$dir/mailcow.conf" ] || trouble "there is no mailcow in $DIR: set dir"
[ -f "$dir/helper-scripts/backup_and_restore.sh" ] || trouble "$DIR has no helper-scripts/backup_and_restore.sh"
is=$(sed -n 's/^COMPOSE_PROJECT_NAME=//p' "$dir/mailcow.conf" | tr -d "\"'" | tail -n 1)
[ "$is" = "$PROJECT" ] || trouble "mailcow.conf calls its project $is, and the inventory $PROJECT: set project"
set --
for part in vmail crypt redis rspamd postfix mysql; do
    at=$(docker volume inspect --format '{{.Mountpoint}}' "${PROJECT}_$part-vol-1" 2>/dev/null </dev/null)
    # Its own script goes on without a volume, and ends with 0.
    [ -n "$at" ] || trouble "there is no volume ${PROJECT}_$part-vol-1: see docker volume ls"
    set -- "$@" "$at"
done
limit=
! command -v timeout >/dev/null || limit='timeout 20'
# shellcheck disable=SC2086 # two words, or none
if sizes=$($limit du -sk "$@" 2>/dev/null); then
    printf '@bytes %s\n' "$(printf '%s\n' "$sizes" | awk '{ s += $1 } END { printf "%.0f", s * 1024 }')"
fi

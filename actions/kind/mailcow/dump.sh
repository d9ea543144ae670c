# Has mailcow's own script write a backup of all to $STAGE/mailcow, and reads it
# back whole: the script ends with 0 whatever came of it. What that leaves out,
# settings and certificates, goes to $STAGE/base.tar. Inputs: STAGE, THREADS.
# shellcheck shell=sh disable=SC2154
work
rm -rf "$STAGE/mailcow" "$STAGE/base.tar" "$STAGE/whole" || exit 1
# The containers that write are not ours, and its script insists on it: what
# keeps others out is the folder above.
mkdir "$STAGE/mailcow" && chmod 700 "$STAGE" && chmod 755 "$STAGE/mailcow" || exit 1
case $(docker ps -a --filter name='^/mailcow-backup$' --format '{{.Status}}' </dev/null) in
'') ;;
Up*) die 'a backup of mailcow runs already, in the container mailcow-backup: wait for it, or docker rm -f mailcow-backup' ;;
*) docker rm mailcow-backup >/dev/null </dev/null || die 'the container mailcow-backup is in the way: docker rm -f mailcow-backup' ;;
esac
cd "$dir" || die "there is no $DIR"
# Every mail is named in what it prints: only what matters is kept.
{
    MAILCOW_BACKUP_LOCATION=$STAGE/mailcow THREADS=${THREADS:-1} bash ./helper-scripts/backup_and_restore.sh backup all </dev/null
    printf 'jurymast-ended %s\n' "$?"
} 2>&1 | LC_ALL=C grep -aE '^jurymast-ended |completed OK!|^docker: |^Error |^Unable |not write-able|No space left|^(/bin/)?tar: .*(Cannot|Error)|\[ERROR\]|not found, exiting' >"$tmp/said"
code=$(sed -n 's/^jurymast-ended //p' "$tmp/said")
[ "$code" = 0 ] || die "its own script ended with ${code:-nothing}: $(grep -v '^jurymast-ended' "$tmp/said" | tail -n 1)"
bad=$(grep -avE '^jurymast-ended |completed OK!' "$tmp/said" | sed 1q | tr -d '\r')
[ -z "$bad" ] || die "its own script ended with 0 and said: $bad"
made=$(newest "$STAGE/mailcow") || die 'its own script ended with 0 and made no backup'
grep -q 'completed OK!' "$tmp/said" || die 'its own script ended with 0, and mariabackup did not say that it completed'
read_back "$made" >"$tmp/counts" || exit 1
set --
for p in mailcow.conf docker-compose.override.yml data/conf data/assets/ssl data/hooks; do
    [ ! -e "$p" ] || set -- "$@" "$p"
done
tar -cf "$STAGE/base.tar" "$@" || die 'its settings cannot be packed'
flush
printf '%s\n' "$RUN" >"$STAGE/whole"
measured=$(measure "$STAGE")
printf '@bytes %s\n@mails %s\n' "${measured#* }" "$(sed -n 's/^vmail //p' "$tmp/counts")"

#!/bin/sh
# Runs one job and writes down how it ended. It leads the job's process group,
# has no connection, and reads the job's text on standard input: secrets in it
# are never in a file. $1 is the job's folder, kill.sh stands in front.
# What the job prints is kept up to 65536 reads of at most 4 KiB a stream: at
# most 256 MiB, and each piece is in the file at once.
JM_DIR=$1
export JM_DIR
umask 077
cd "$JM_DIR" || exit 1
trap : TERM # ends the job, and not those who write its end down
trap '' HUP

# jm_keep NAME: keeps a stream, and drops what is too much of it.
jm_keep() (
  trap '' TERM # it ends with the stream
  if dd of="$1" bs=4096 count=65536 2>"$1.read"; then
    # "WHOLE+PART records in": fewer than it might, so the stream is at its end.
    IFS='+ ' read -r jm_whole jm_part _ <"$1.read"
    case $jm_whole$jm_part in
    '' | *[!0-9]*) ;;
    *) [ "$((jm_whole + jm_part))" -ge 65536 ] || exit 0 ;;
    esac
  fi
  [ "$(dd bs=1 count=1 2>/dev/null | wc -c)" -eq 0 ] || echo cut >"cut"
  exec cat >/dev/null
)

if read -r jm_stat 2>/dev/null <"/proc/$$/stat"; then
  # shellcheck disable=SC2086 # the fields are wanted apart
  set -- ${jm_stat##*) }
  jm_group=$3 jm_begun=${20}
  [ "$jm_group" = "$$" ] || jm_begun=$(jm_start "$jm_group")
else
  # shellcheck disable=SC2046 # ps pads with blanks
  set -- $(ps -o pgid= -p "$$" 2>/dev/null)
  jm_group=$1 jm_begun=''
fi
echo "$jm_group ${jm_begun:-0}" >group
# With it the folder is on the disk: from here on the job is never begun again,
# not even after a loss of power.
sync group 2>/dev/null
{
  trap : TERM # a subshell begins without
  {
    trap : TERM
    (cd "${HOME:-/}" 2>/dev/null || cd / || exit 1; exec /bin/sh -s)
    echo "$? $(date +%s)" >code
  } 2>&1 >&3 3>&- | jm_keep err
} 3>&1 | jm_keep out
read -r jm_code jm_time <code || jm_code=-1 jm_time=$(date +%s)
# One write, and only where there is no file: it is there whole or not at all,
# and the first to write it is right.
set -C
echo "$jm_code $jm_time" >end
sync end 2>/dev/null

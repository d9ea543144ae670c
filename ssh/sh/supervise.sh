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

# jm_note FILE WORDS: writes a file that is there whole or not at all.
jm_note() {
  printf '%s\n' "$2" >"$1.new.$$" && { sync "$1.new.$$" 2>/dev/null || :; } && mv -f "$1.new.$$" "$1"
}
# jm_ended CODE: the first to call it writes the end.
jm_ended() {
  mkdir ending 2>/dev/null || return 0
  jm_note end "$1 $(date +%s)"
}
# jm_keep NAME: keeps a stream, and drops what is too much of it.
jm_keep() (
  trap '' TERM # it ends with the stream
  dd of="$1" bs=4096 count=65536 2>/dev/null
  [ "$(dd bs=1 count=1 2>/dev/null | wc -c)" -eq 0 ] || echo cut >"cut"
  exec cat >/dev/null
)

jm_group=$(ps -o pgid= -p "$$" 2>/dev/null) || jm_group=
if read -r jm_stat 2>/dev/null <"/proc/$$/stat"; then
  # shellcheck disable=SC2086 # the fields are wanted apart
  set -- ${jm_stat##*) }
  jm_group=$3
fi
# shellcheck disable=SC2086 # ps pads with blanks
set -- $jm_group
jm_begun=$(jm_start "$1")
jm_note group "$1 ${jm_begun:-0}"
{
  trap : TERM # a subshell begins without
  {
    trap : TERM
    (cd "${HOME:-/}" 2>/dev/null || cd / || exit 1; exec /bin/sh -s)
    jm_code=$?
    # A daemon that the job left behind may hold the streams open for ever. A
    # shell of its own waits for it: a subshell would hold them itself, in the
    # copies that dash and busybox keep of what was redirected.
    # shellcheck disable=SC2016 # $1 is that shell's
    /bin/sh -c 'sleep 2
      mkdir ending 2>/dev/null || exit 0
      echo "$1 $(date +%s)" >end.late && mv -f end.late end' jurymast-job "$jm_code" \
      </dev/null >/dev/null 2>&1 3>&- &
    echo "$jm_code" >code
  } 2>&1 >&3 3>&- | jm_keep err
} 3>&1 | jm_keep out
read -r jm_code <code || jm_code=-1
jm_ended "$jm_code"

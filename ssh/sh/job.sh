#!/bin/sh
# Jobs: commands that outlive their connection. kill.sh stands in front.
# Inputs: JM_DO, JM_ID. Each job is a folder:
#   boot    the boot in which it was started     began   the text was read whole
#   group   GROUP START of its processes         code    CODE TIME, when the text ended
#   out err what it printed                      end     the same, once nothing more is kept
#   cut     more came than was kept
# Making the folder is the start: who makes it starts the job, everybody else
# finds it. Its end is written once, by whoever is the first to make the file.
# A process costs more than all that a shell does by itself: there are few here.
umask 077

# jm_root: whether this shell is root's.
jm_root() {
  if [ -r /proc/self/status ]; then
    while read -r jm_key _ jm_uid _; do
      [ "$jm_key" != Uid: ] || break # Uid: REAL EFFECTIVE SAVED FILES
    done </proc/self/status
  else
    jm_uid=$(id -u)
  fi
  [ "$jm_uid" = 0 ]
}

# jm_find: sets jm_dir. Root keeps jobs with the system, others in their home.
jm_find() {
  if jm_root; then
    set -- "${JURYMAST_ROOT-}/var/lib/jurymast/jobs" "${JURYMAST_ROOT-}/var/db/jurymast/jobs" "${HOME:-/root}/.local/state/jurymast/jobs"
  else
    set -- "${XDG_STATE_HOME:-${HOME:?}/.local/state}/jurymast/jobs"
  fi
  for jm_top; do
    if [ -d "$jm_top/$JM_ID" ]; then
      jm_dir=$jm_top/$JM_ID
      return 0
    fi
  done
  for jm_top; do
    if [ -d "$jm_top" ]; then
      [ -w "$jm_top" ] || continue
    elif [ "$JM_DO" != start ] || ! mkdir -p "$jm_top" 2>/dev/null; then
      continue
    fi
    jm_dir=$jm_top/$JM_ID
    return 0
  done
  jm_dir=$1/$JM_ID
}

# jm_boot: sets jm_booted to what names this boot.
jm_boot() {
  read -r jm_booted 2>/dev/null <"${JURYMAST_ROOT-}/proc/sys/kernel/random/boot_id" ||
    jm_booted=$(sysctl -n kern.boottime 2>/dev/null) || jm_booted=unknown
}

# jm_more FILE KNOWN: whether there is more of a stream than is known.
jm_more() {
  [ -s "$1" ] || return 1
  [ "$2" = 0 ] || [ "$(wc -c <"$1")" -gt "$2" ]
}

# jm_same: whether the job is of this boot.
jm_same() {
  read -r jm_was 2>/dev/null <"$jm_dir/boot" || return 2 # that was not written down
  jm_boot
  [ "$jm_was" = "$jm_booted" ]
}

# jm_state: prints "state STATE CODE TIME". Success is only "ended 0".
jm_state() {
  if [ ! -d "$jm_dir" ]; then
    echo 'state absent'
    return
  fi
  jm_end_seen && return
  jm_same
  if [ $? = 1 ]; then
    jm_late 0
    jm_end_seen || echo 'state interrupted'
  elif read -r jm_group jm_began 2>/dev/null <"$jm_dir/group"; then
    if jm_ours "$jm_group" "$jm_began"; then
      jm_late 2
      jm_end_seen || echo 'state running'
    else
      jm_late 0
      jm_end_seen || echo 'state lost'
    fi
  elif [ -n "$(find "$jm_dir" -prune -mmin +1 2>/dev/null)" ]; then
    jm_end_seen || echo 'state lost' # whoever made the folder came no further
  else
    echo 'state starting'
  fi
}
jm_end_seen() {
  read -r jm_code jm_time 2>/dev/null <"$jm_dir/end" || return 1
  echo "state ended $jm_code $jm_time"
}
# jm_late SECONDS: where the text ended so long ago, writes that as the end of
# the job: what the text left behind may hold its streams open for ever, or
# nobody is there any more to write it.
jm_late() {
  read -r jm_code jm_time 2>/dev/null <"$jm_dir/code" || return 0
  if [ "$1" -gt 0 ]; then
    jm_past=$(($(date +%s) - jm_time))
    if [ "$jm_past" -ge 0 ] && [ "$jm_past" -lt "$1" ]; then # else the clock was set back
      return 0
    fi
  fi
  jm_ended "$jm_code $jm_time"
}
# jm_ended WORDS: writes the end, unless that was done.
jm_ended() {
  set -C
  { echo "$1" >"$jm_dir/end"; } 2>/dev/null
  set +C
}

jm_report() {
  jm_state
  [ ! -f "$jm_dir/began" ] || echo began
  [ ! -f "$jm_dir/cut" ] || echo cut
}

# jm_nap: a wait, short at first since most jobs are, and each longer by half than
# the one before: an end is seen late by half of what the job took at most, and by
# 200 ms. Sets jm_napped to about how long it was, in milliseconds.
jm_napped=2
jm_nap() {
  jm_napped=$((jm_napped + (jm_napped + 1) / 2))
  [ "$jm_napped" -le 200 ] || jm_napped=200
  case $jm_napped in
  ?) sleep "0.00$jm_napped" ;;
  ??) sleep "0.0$jm_napped" ;;
  *) sleep "0.$jm_napped" ;;
  esac 2>/dev/null || { sleep 1 && jm_napped=1000; }
}

# jm_data: prints how the job stands and what it printed. JM_OUT, JM_ERR: how
# much of each is known; JM_MOST: bytes at once.
jm_data() {
  # The state first: what was written before an end is then there to be read.
  jm_report
  echo data
  jm_piece "$jm_dir/out" "$JM_OUT"
  jm_piece "$jm_dir/err" "$JM_ERR" >&2
}
jm_piece() {
  if [ ! -s "$1" ]; then
    return 0
  elif [ "$2" = 0 ]; then
    head -c "$JM_MOST" "$1"
  else
    tail -c "+$(($2 + 1))" "$1" | head -c "$JM_MOST"
  fi
}

[ -z "${JM_ID-}" ] || jm_find
case $JM_DO in
start) # JM_JOB: the job's text, JM_SUPERVISE: what runs it, JM_STAY: milliseconds to wait for its end
  jm_word=started
  if mkdir "$jm_dir" 2>/dev/null; then
    # What printf is given must not be seen in a list of processes.
    if ! PATH=/dev/null/none printf '' 2>/dev/null; then
      rmdir "$jm_dir"
      echo 'printf is no builtin of /bin/sh' >&2
      exit 69
    fi
    jm_boot
    echo "$jm_booted" >"$jm_dir/boot"
    if command -v setsid >/dev/null 2>&1; then
      jm_detach='setsid'
    elif command -v daemon >/dev/null 2>&1; then
      jm_detach='daemon'
    else
      jm_detach='nohup'
      set -m 2>/dev/null # a group of its own
    fi
    printf '%s\n' "$JM_JOB" 2>/dev/null | "$jm_detach" /bin/sh -c "$JM_SUPERVISE" jurymast-job "$jm_dir" >/dev/null 2>&1 &
    jm_left=10000
    while [ "$jm_left" -gt 0 ] && [ ! -f "$jm_dir/began" ] && [ ! -s "$jm_dir/end" ]; do
      jm_nap
      jm_left=$((jm_left - jm_napped))
    done
  elif [ -d "$jm_dir" ]; then
    jm_word=found
  else
    echo "cannot keep jobs in ${jm_dir%/*}" >&2
    exit 73
  fi
  jm_left=$JM_STAY
  while [ "$jm_left" -gt 0 ] && [ ! -s "$jm_dir/end" ]; do
    jm_nap
    jm_left=$((jm_left - jm_napped))
  done
  echo "$jm_word"
  jm_data
  ;;
status)
  jm_report
  ;;
read) # JM_WAIT: seconds to wait for something new
  jm_left=$((JM_WAIT * 1000)) jm_unseen=200
  while [ "$jm_left" -gt 0 ] && [ ! -s "$jm_dir/end" ]; do
    if [ "$jm_unseen" -ge 200 ]; then
      jm_unseen=0
      if jm_more "$jm_dir/out" "$JM_OUT" || jm_more "$jm_dir/err" "$JM_ERR"; then
        break
      fi
      case $(jm_state) in
      'state running' | 'state starting') ;;
      *) break ;;
      esac
    fi
    jm_nap
    jm_left=$((jm_left - jm_napped)) jm_unseen=$((jm_unseen + jm_napped))
  done
  jm_data
  ;;
stop) # JM_GRACE: seconds between TERM and KILL
  if read -r jm_group jm_began 2>/dev/null <"$jm_dir/group" && jm_same; then
    jm_end "$jm_group" "$jm_began" "$JM_GRACE" || echo left
    jm_late 0
    [ -s "$jm_dir/end" ] || jm_ended "137 $(date +%s)"
  fi
  jm_report
  ;;
forget) # JM_IDS: many at once; prints those that cannot be forgotten
  set --
  # shellcheck disable=SC2153 # it is an input
  for JM_ID in $JM_IDS; do
    jm_find
    case $(jm_state) in
    'state running' | 'state starting') echo "kept $JM_ID" ;;
    *) set -- "$@" "$jm_dir" ;;
    esac
  done
  [ "$#" = 0 ] || rm -rf "$@"
  for jm_dir; do
    [ ! -d "$jm_dir" ] || echo "kept ${jm_dir##*/}"
  done
  ;;
esac

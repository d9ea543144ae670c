#!/bin/sh
# Jobs: commands that outlive their connection. kill.sh stands in front.
# Inputs: JM_DO, JM_ID. Each job is a folder:
#   boot    the boot in which it was started     began   the text was read whole
#   group   GROUP START of its processes         end     CODE TIME, when it ended
#   out err what it printed                      cut     more came than was kept
# Making the folder is the start: who makes it starts the job, everybody else
# finds it.
umask 077

# jm_find: sets jm_dir. Root keeps jobs with the system, others in their home.
jm_find() {
  if [ "$(id -u)" = 0 ]; then
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
    if [ -d "$jm_top" ] && [ -w "$jm_top" ] || [ "$JM_DO" = start ] && mkdir -p "$jm_top" 2>/dev/null; then
      jm_dir=$jm_top/$JM_ID
      return 0
    fi
  done
  jm_dir=$1/$JM_ID
}

# jm_boot: prints what names this boot.
jm_boot() {
  cat "${JURYMAST_ROOT-}/proc/sys/kernel/random/boot_id" 2>/dev/null || sysctl -n kern.boottime 2>/dev/null || echo unknown
}

# jm_size FILE: prints its length in bytes.
jm_size() {
  if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi
}

# jm_state: prints "state STATE CODE TIME". Success is only "ended 0".
jm_state() {
  if [ ! -d "$jm_dir" ]; then
    echo 'state absent'
    return
  fi
  jm_end_seen && return
  if [ -s "$jm_dir/boot" ] && [ "$(cat "$jm_dir/boot")" != "$(jm_boot)" ]; then
    echo 'state interrupted'
    return
  fi
  if read -r jm_group jm_began 2>/dev/null <"$jm_dir/group"; then
    if jm_ours "$jm_group" "$jm_began"; then
      echo 'state running'
    else
      jm_end_seen || echo 'state lost' # it may have ended in between
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

jm_report() {
  jm_state
  [ ! -f "$jm_dir/began" ] || echo began
  [ ! -f "$jm_dir/cut" ] || echo cut
}

# jm_nap: a wait, short at first since most jobs are, and sets jm_napped to
# about how long it was, in milliseconds.
jm_naps=0
jm_nap() {
  jm_naps=$((jm_naps + 1))
  if [ "$jm_naps" -le 5 ]; then
    jm_napped=10
  elif [ "$jm_naps" -le 15 ]; then
    jm_napped=50
  else
    jm_napped=200
  fi
  case $jm_napped in
  10) sleep 0.01 ;;
  50) sleep 0.05 ;;
  *) sleep 0.2 ;;
  esac 2>/dev/null || { sleep 1 && jm_napped=1000; }
}

jm_find
case $JM_DO in
start) # JM_JOB: the job's text, JM_SUPERVISE: what runs it
  if ! mkdir "$jm_dir" 2>/dev/null; then
    if [ ! -d "$jm_dir" ]; then
      echo "cannot keep jobs in ${jm_dir%/*}" >&2
      exit 73
    fi
    echo found
    jm_report
    exit 0
  fi
  # What printf is given must not be seen in a list of processes.
  if [ "$(command -v printf)" != printf ]; then
    rmdir "$jm_dir"
    echo 'printf is no builtin of /bin/sh' >&2
    exit 69
  fi
  jm_boot >"$jm_dir/boot"
  if command -v setsid >/dev/null 2>&1; then
    jm_detach='setsid'
  elif command -v daemon >/dev/null 2>&1; then
    jm_detach='daemon'
  else
    jm_detach='nohup'
    set -m 2>/dev/null # a group of its own
  fi
  {
    printf '%s\n' "$JM_JOB" | "$jm_detach" /bin/sh -c "$JM_SUPERVISE" jurymast-job "$jm_dir"
  } >/dev/null 2>&1 &
  jm_left=10000
  while [ "$jm_left" -gt 0 ] && [ ! -f "$jm_dir/began" ] && [ ! -f "$jm_dir/end" ]; do
    jm_nap
    jm_left=$((jm_left - jm_napped))
  done
  echo started
  jm_report
  ;;
status)
  jm_report
  ;;
read) # JM_OUT, JM_ERR: how much of each is known; JM_MOST: bytes at once; JM_WAIT: seconds
  jm_left=$((JM_WAIT * 1000))
  while [ "$jm_left" -gt 0 ] && [ "$(jm_size "$jm_dir/out")" -le "$JM_OUT" ] && [ "$(jm_size "$jm_dir/err")" -le "$JM_ERR" ]; do
    case $(jm_state) in
    'state running' | 'state starting') jm_nap ;;
    *) break ;;
    esac
    jm_left=$((jm_left - jm_napped))
  done
  # The state first: what was written before an end is then there to be read.
  jm_report
  echo data
  [ ! -f "$jm_dir/out" ] || tail -c "+$((JM_OUT + 1))" "$jm_dir/out" | head -c "$JM_MOST"
  [ ! -f "$jm_dir/err" ] || tail -c "+$((JM_ERR + 1))" "$jm_dir/err" | head -c "$JM_MOST" >&2
  ;;
stop) # JM_GRACE: seconds between TERM and KILL
  if read -r jm_group jm_began 2>/dev/null <"$jm_dir/group" && [ "$(cat "$jm_dir/boot")" = "$(jm_boot)" ]; then
    jm_end "$jm_group" "$jm_began" "$JM_GRACE" || echo left
    if mkdir "$jm_dir/ending" 2>/dev/null || [ ! -f "$jm_dir/end" ]; then
      echo "137 $(date +%s)" >"$jm_dir/end.new" && mv -f "$jm_dir/end.new" "$jm_dir/end"
    fi
  fi
  jm_report
  ;;
forget)
  case $(jm_state) in
  'state running' | 'state starting') ;;
  *) rm -rf "$jm_dir" ;;
  esac
  jm_report
  ;;
esac

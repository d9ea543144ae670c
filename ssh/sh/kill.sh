#!/bin/sh
# Ends a process group. Defines jm_end, which others use as well.

# jm_start PID: prints when the process began, in ticks since boot; nothing
# where the system does not say. With it a number that was given to somebody
# else is told from ours.
jm_start() {
  read -r jm_stat 2>/dev/null <"/proc/$1/stat" || return 0
  # PID (NAME) STATE ...: the name may hold blanks and brackets
  # shellcheck disable=SC2086 # the fields are wanted apart
  set -- ${jm_stat##*) }
  echo "${20}"
}

# jm_lives GROUP: whether anything of the group is left. Dead processes that
# nobody has asked after (in a container often for ever) are nothing.
jm_lives() {
  kill -0 "-$1" 2>/dev/null || return 1
  ps -A -o pgid= -o stat= 2>/dev/null | (
    jm_told=
    while read -r jm_pgid jm_stat; do
      jm_told=yes
      case $jm_pgid-$jm_stat in
      "$1"-Z*) ;;
      "$1"-*) exit 0 ;;
      esac
    done
    [ -z "$jm_told" ] # where ps does not say, it lives
  )
}

# jm_leads GROUP START: whether the group's first process is the same and lives,
# which is quickly seen where there is a /proc. When not, others of it may live.
jm_leads() {
  [ "$2" != 0 ] && read -r jm_stat 2>/dev/null <"/proc/$1/stat" || return 1
  jm_then=$2
  # shellcheck disable=SC2086 # the fields are wanted apart
  set -- ${jm_stat##*) }
  [ "$1" != Z ] && [ "${20}" = "$jm_then" ]
}

# jm_ours GROUP START: whether it is still the same group, and lives.
jm_ours() {
  jm_leads "$1" "$2" && return 0
  jm_lives "$1" || return 1
  jm_now=$(jm_start "$1")
  [ "$2" = 0 ] || [ -z "$jm_now" ] || [ "$jm_now" = "$2" ]
}

# jm_gone GROUP START SECONDS: waits until nothing is left, at most so long.
jm_gone() {
  jm_left=$(($3 * 10))
  while jm_ours "$1" "$2"; do
    [ "$jm_left" -gt 0 ] || return 1
    if sleep 0.1 2>/dev/null; then
      jm_left=$((jm_left - 1))
    else
      sleep 1
      jm_left=$((jm_left - 10))
    fi
  done
}

# jm_end GROUP START SECONDS: TERM, and KILL for what is left after so long.
# Fails when it would not go.
jm_end() {
  jm_ours "$1" "$2" || return 0
  kill -TERM "-$1" 2>/dev/null
  jm_gone "$1" "$2" "$3" && return 0
  kill -KILL "-$1" 2>/dev/null
  jm_gone "$1" "$2" 1
}

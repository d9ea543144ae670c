#!/bin/sh
# Stands in front of every text: says where it runs, so that all of it can be
# ended together. Input: JM_MARK, a word that occurs nowhere else.
# Prints "JM_MARK GROUP START" on standard output, "JM_MARK" on standard error.
LC_ALL=C
export LC_ALL
cd 2>/dev/null || cd / # a shell that was started ahead waits elsewhere
jm_group='' jm_start=''
if read -r jm_stat 2>/dev/null <"/proc/$$/stat"; then
  # PID (NAME) STATE PPID GROUP ...: the name may hold blanks and brackets. The
  # 22nd field is the start in ticks since boot: with it a number that was given
  # to somebody else is told from ours.
  # shellcheck disable=SC2086 # the fields are wanted apart
  set -- ${jm_stat##*) }
  jm_group=$3 jm_start=${20}
  if [ "$jm_group" != "$$" ]; then
    jm_start=''
    if read -r jm_stat 2>/dev/null <"/proc/$jm_group/stat"; then
      # shellcheck disable=SC2086
      set -- ${jm_stat##*) }
      jm_start=${20}
    fi
  fi
  set --
else
  jm_group=$(ps -o pgid= -p "$$")
fi
printf '%s %s %s\n' "$JM_MARK" "${jm_group:-0}" "${jm_start:-0}"
printf '%s\n' "$JM_MARK" >&2
unset JM_MARK jm_group jm_start jm_stat
# What follows is read to its end by the shell. bash reads a pipe byte by byte
# and takes long over it; as it reads no further than this line, cat may go on.
# Other shells read ahead: with them cat would find the half of it.
[ -z "${BASH_VERSION-}" ] || eval "$(cat)"

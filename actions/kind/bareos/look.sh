# Asks the director of Bareos or Bacula by its console for its jobs, what of them
# ran and how it ended, what waits, and its volumes. Inputs: CONFIG (of the
# console, or empty), DAYS, SUDO ("sudo -n" or nothing).
#
# Each question is a call of its own: in one dialogue nothing tells where an
# answer ends. bconsole ends with 0 whatever the director thought of a question.
# shellcheck shell=sh disable=SC2086,SC2154

LC_ALL=C
export LC_ALL
unset TERM # with a terminal it would draw
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
if ! command -v bconsole >/dev/null; then
    echo missing
    exit 0
fi
limit=
command -v timeout >/dev/null && limit='timeout 20'

# ask prints what the director answers, and how bconsole ended.
ask() {
    if [ -n "$CONFIG" ]; then
        printf '%s\nquit\n' "$1" | ${SUDO-} $limit bconsole -c "$CONFIG" 2>&1
    else
        printf '%s\nquit\n' "$1" | ${SUDO-} $limit bconsole 2>&1
    fi
    echo "exit $?"
}

echo '== now'
date +%s
echo '== version'
said=$(ask version)
printf '%s\n' "$said"
case $said in
*'exit 0')
    echo '== jobs'
    ask '.jobs type=B' | grep -vE '^(\.jobs|quit|You have messages|Connecting to |1000 OK|Enter a period)'
    # Of each run and each volume what is judged: a year of them is long.
    echo '== runs'
    ask "llist jobs days=$DAYS" | grep -iE '^ *(jobid|name|type|level|jobstatus|starttime|endtime|jobtdate|jobfiles|jobbytes|joberrors|jobmissingfiles): |^exit '
    echo '== waiting'
    ask 'status director' | grep -E ' is waiting |^Running Jobs:|^exit '
    echo '== volumes'
    ask 'llist volumes' | grep -iE '^ *(volumename|volstatus): |^exit '
    ;;
esac
echo '== end'

# Runs a line of shell that the inventory holds and ends with its exit code.
#
# Inputs: COMMAND, run by a shell of its own; MY_NAMES, what it is told.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
# Where the systems put monitoring plugins: Debian, Fedora, openSUSE, FreeBSD.
PATH=$PATH:/usr/lib/nagios/plugins:/usr/lib64/nagios/plugins:/usr/lib/monitoring-plugins:/usr/local/libexec/nagios
export LC_ALL PATH
for name in ${MY_NAMES-}; do
    # shellcheck disable=SC2163 # the variable that it names
    export "$name"
done

# This text comes on standard input: a plugin that reads it must not get any.
sh -c "$COMMAND" </dev/null
exit "$?"

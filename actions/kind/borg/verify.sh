# Reads all data of the copy $COPY back and says @level: every chunk is fetched,
# decrypted and compared with its hash. A listing finds nothing wrong with a
# damaged segment. A file that a repair has filled with zeros is a warning,
# which is no less than a loss.
# shellcheck shell=sh disable=SC2154

ready
known
ask extract --dry-run "::$COPY"
code=$?
if [ "$code" != 0 ]; then
    bad=$(spoilt) && damaged "the copy $COPY is damaged: borg: $bad"
    unread "$(why "$code")"
fi
echo '@level readable'

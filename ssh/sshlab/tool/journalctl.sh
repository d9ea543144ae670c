#!/bin/sh
# journalctl: the text of lab/journal, if there is one.
cat "${JURYMAST_ROOT:?}/lab/journal" 2>/dev/null || echo '-- No entries --'

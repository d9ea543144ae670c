# Brings $COPY back below the folder $INTO of this host, by the client there, and
# says @files and @bytes. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2034,SC2154

[ -n "$SPARE_CLIENT" ] || die 'which client is on the host of the director is not said: set spare_client'
known
# A run of ours that still writes there is waited for before anything is removed.
runs 'jobs jobtype=R' || die "$(why)"
id=$(mine R "jurymast restore=$RUN copy=$COPY")
[ -z "$id" ] || settle "$id"
if fresh; then
    again=''
    bring "$SPARE_CLIENT" "$INTO" always
    found=$(find "$INTO" ! -path "$INTO" ! -name '.jurymast-*' -print 2>/dev/null | head -n 1)
    [ -n "$found" ] || die "run $id brought copy $COPY back, and there is nothing in $INTO: is client $SPARE_CLIENT on this host?"
fi
whole

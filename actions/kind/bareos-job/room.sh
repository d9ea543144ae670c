# Says whether a copy could be brought back to the folder $INTO of this host, or to
# its own client where that is empty. What a client holds now cannot be seen from
# here: it is taken to hold something. Changes nothing.
# shellcheck shell=sh disable=SC2154

ask version || trouble "$(why)"
if [ -z "$INTO" ]; then
    echo '@present yes'
    exit 0
fi
[ -n "$SPARE_CLIENT" ] || trouble 'which client is on the host of the director is not said: set spare_client'
ask '.clients' || trouble "$(why)"
grep -q -F -x -e "$SPARE_CLIENT" "$tmp/said" || trouble "the director has no client $SPARE_CLIENT"
if [ -e "$INTO" ] && { [ ! -d "$INTO" ] || [ -n "$(ls -A "$INTO")" ]; }; then
    echo '@present yes'
else
    echo '@present no'
fi
printf '@free %s\n' "$(free_at "$INTO")"

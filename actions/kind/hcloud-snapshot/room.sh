# Says whether a copy could be brought back as server $INTO, or as the server itself
# where that is empty: @present, and @trouble where it could not. Changes nothing.
# shellcheck shell=sh disable=SC2154

(images) 2>"$tmp/why" || trouble "$(tail -n 1 "$tmp/why")"
there=no
if exists "$SERVER"; then
    there=yes
elif [ -z "$TYPE" ] || [ -z "$LOCATION" ]; then
    trouble "the cloud has no server $SERVER any more, and of which type and where a new one is to be is not known: set type and location"
fi
if [ -z "$INTO" ]; then
    [ "$there" != yes ] || [ "$(at "$doc" .protection.rebuild)" != true ] || trouble "server $SERVER is protected from being rebuilt: hcloud server disable-protection $SERVER rebuild, or bring it back to another name (--to)"
    printf '@present %s\n' "$there"
elif exists "$INTO"; then
    echo '@present yes'
else
    echo '@present no'
fi

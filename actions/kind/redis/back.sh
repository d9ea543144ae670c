# Undoes put.sh: what was set aside by $ASIDE is in its place again.
# shellcheck shell=sh disable=SC2154
recall && [ -n "$dir" ] || exit 0 # nothing was put
if ls -d "$dir"/*"$ASIDE" "$dir"/*"$ASIDE.none" >/dev/null 2>&1 && [ "$(condition)" != stopped ]; then
    stop || die 'it does not stop'
fi
end_beside "$dir/new$ASIDE" || die "a server in $dir/new$ASIDE does not end"
for at in "$dir/$rdb" "$dir/$aof" ${aofdir:+"$dir/$aofdir"}; do
    if [ -e "$at$ASIDE" ]; then
        rm -rf "$at" && mv "$at$ASIDE" "$at" || exit 1
    elif [ -e "$at$ASIDE.none" ]; then
        rm -rf "$at" && rm -f "$at$ASIDE.none" || exit 1
    fi
done

# Reads the copy that lies in $FROM: whole, and of which version. The live
# configuration is not touched; in what it differs from the copy is said. Says
# @level and @proof.
# shellcheck shell=sh disable=SC2154
whole_xml "$FROM/conf/config.xml"
version=$(told "$FROM/usr/local/opnsense/version/core" version)
[ -n "$version" ] || die 'the copy does not say which version it is of'
apart=
if [ -s "$config" ]; then
    work
    differences "$FROM/conf/config.xml" "$config" >"$tmp/apart" || die "the copy cannot be compared with $config"
    n=$(grep -c . "$tmp/apart")
    apart='; the live one is the same'
    if [ "$n" -gt 0 ]; then
        sed 's/^/since this copy: /' "$tmp/apart"
        apart="; since then $(sed 5q "$tmp/apart" | tr '\n' ';' | sed 's/;$//; s/;/; /g')"
        [ "$n" -le 5 ] || apart="$apart; and $((n - 5)) more settings"
    fi
fi
printf '@level extracted\n@proof a whole configuration of version %s, with %s network cards and %s rules%s\n' "$version" \
    "$(cards "$FROM/conf/config.xml" | grep -c .)" "$(sed -n '/<filter>/,/<\/filter>/p' "$FROM/conf/config.xml" | grep -c '<rule')" "$apart"

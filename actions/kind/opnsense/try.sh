# Reads the copy that lies in $FROM: whole, and of which version. The live
# configuration is not touched. Says @level and @proof.
# shellcheck shell=sh disable=SC2154
whole_xml "$FROM/conf/config.xml"
version=$(told "$FROM/usr/local/opnsense/version/core" version)
[ -n "$version" ] || die 'the copy does not say which version it is of'
printf '@level extracted\n@proof a whole configuration of version %s, with %s network cards and %s rules\n' "$version" \
    "$(cards "$FROM/conf/config.xml" | grep -c .)" "$(sed -n '/<filter>/,/<\/filter>/p' "$FROM/conf/config.xml" | grep -c '<rule')"

# Brings the dump in $FROM up in a server of its own and holds it against the
# copy. Inputs: FROM, ASIDE, SCRATCH (the folder in which it may lie).
# shellcheck shell=sh disable=SC2154
whole
work
drill=$SCRATCH/mariadb$ASIDE
end_beside "$drill" || die "the server in $drill of an earlier attempt does not end"
rm -rf "$drill"
need=$(wc -c <"$FROM/databases.sql" | tr -d ' ')
free=$(free_at "$SCRATCH")
[ "$free" -gt $((need * 3)) ] || die "$SCRATCH has $free bytes free, and $((need * 3)) may be needed: set scratch"
# A file that is named by its path would be the live one's.
grep -v / "$FROM/settings" >"$tmp/settings"
bring "$drill"
compare apart strict || exit 1
end_beside "$drill" || die "the drill's server in $drill does not end"
rm -rf "$drill"

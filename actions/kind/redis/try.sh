# Brings the copy in $FROM up in a server without a network and counts its keys.
# Inputs: FROM, ASIDE, SCRATCH (the folder in which it may lie).
# shellcheck shell=sh disable=SC2154
whole
read_back "$FROM/dump.rdb" >/dev/null || exit 1
drill=$SCRATCH/redis$ASIDE
end_beside "$drill" || die "the server in $drill of an earlier attempt does not end"
ours "$drill"
beside "$drill"
have=$(apart "$drill" INFO keyspace | awk -F '[=,]' '/^db/ { k += $2; e += $4 } END { printf "%d %d\n", k, e }')
judge "$have"
end_beside "$drill" || die "the drill's server in $drill does not end"

# Proves that the server is written to: a key written is read back.
# shellcheck shell=sh disable=SC2154
mark=${RUN:-look}-$$
said=$(cli SET jurymast:writes "$mark" EX 60)
[ "$said" = OK ] || die "nothing can be written to it: $said"
[ "$(cli GET jurymast:writes)" = "$mark" ] || die 'what was written is not read again'
cli DEL jurymast:writes >/dev/null
echo "@system $(info replication master_replid)"

# Proves that the server is written to: a row written is read in another
# session, and its timeline is said.
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
mark=${RUN:-look}-$$
ask -c 'drop table if exists public.jurymast_writes' -c 'create table public.jurymast_writes (mark text)' \
    -c "insert into public.jurymast_writes values ('$mark')" >/dev/null || die 'nothing can be written to it'
read=$(ask -c 'select mark from public.jurymast_writes')
ask -c 'drop table public.jurymast_writes' >/dev/null || die 'what was written cannot be removed again'
[ "$read" = "$mark" ] || die 'what was written is not read again'
echo "@timeline $(ask -c 'select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)')"

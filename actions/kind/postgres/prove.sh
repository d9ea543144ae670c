# Asks the live server: every database answers, and where a dump lies in $FROM
# its tables have the rows that were counted when it was made.
# shellcheck shell=sh disable=SC2154
programs '' || die 'PostgreSQL is not installed there'
is=$(condition)
case $is in
primary | standby) ;;
*) die "the server on port $SERVER_PORT does not answer: it is $is" ;;
esac
if [ ! -f "${FROM-/none}/databases" ]; then
    n=$(ask -c 'select count(*) from pg_database where datallowconn') || die 'it does not answer'
    printf '@level answered\n@proof it answers and has %s databases\n' "$n"
    exit 0
fi
whole
work
compare

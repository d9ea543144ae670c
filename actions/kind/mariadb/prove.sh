# Asks the live server, and holds its tables against the copy in $FROM where
# there is one.
# shellcheck shell=sh disable=SC2154
answers
work
if [ ! -f "${FROM-/none}/whole" ]; then
    n=$(sql -N -e "select count(*) from information_schema.schemata where schema_name not in $own") || die 'it does not answer'
    printf '@level answered\n@proof it answers and has %s databases\n' "$n"
    exit 0
fi
compare sql

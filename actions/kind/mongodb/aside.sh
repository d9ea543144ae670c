# Where what was there before a restore is set aside: a database cannot be
# renamed, so it is a dump of all of them. Inputs: FOLDER, ASIDE.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154
case $ASIDE in
.jurymast-?*) ;;
*) die 'no run is named' ;;
esac
aside=${JURYMAST_ROOT-}$FOLDER/mongodb$ASIDE
for program in mongosh mongodump mongorestore; do
    command -v "$program" >/dev/null || die "$program is not there (apt install mongodb-mongosh mongodb-database-tools)"
done
work
credentials
server
case $said in
*'"primary":true'*) ;;
*) die 'it is not the active one: a restore goes where writes go' ;;
esac

# Says whether and how much can be dumped. Input: FOLDER (where dumps lie).
# shellcheck shell=sh disable=SC2154
if [ -z "$client" ] || [ -z "$dumper" ]; then
    echo '@missing mariadb-dump (apt install mariadb-client)'
    exit 0
fi
"$dumper" --help 2>/dev/null | grep -q -e --system || trouble 'its mariadb-dump cannot copy users and grants: 10.5.9 or newer is needed'
printf '@scratch %s\n@free %s\n' "$FOLDER" "$(free_at "${JURYMAST_ROOT-}$FOLDER")"
[ "$(up)" = up ] || lost "the server cannot be asked: $(sql -N -e 'select 1' 2>&1 | tail -n 1)"
case $(sql -N -e 'select concat(@@version, @@version_comment)') in
*MariaDB* | *mariadb*) ;;
*) trouble 'it is not MariaDB' ;;
esac
sql -N <<SQL || trouble 'the databases cannot be listed'
select concat('@version ', @@version);
select concat('@bytes ', coalesce(sum(data_length), 0)) from information_schema.tables where table_schema not in $own;
select concat('@trouble the name of a database cannot be written in a line: ', hex(schema_name)) from information_schema.schemata where schema_name regexp '[[:cntrl:]]';
SQL

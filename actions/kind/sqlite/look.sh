# Opens every database for reading and says how large it is.
# shellcheck shell=sh disable=SC2154

if [ -z "$client" ]; then
    echo missing
    exit 0
fi
echo '== files'
numbered | while read -r n f; do
    standing
    if [ -z "$is" ]; then
        said=$(read_only "$f" 'select count(*) from sqlite_master; pragma journal_mode;' 2>&1)
        if printf '%s\n' "$said" | awk 'NR == 1 && !/^[0-9]+$/ { bad = 1 } NR == 2 && !/^[a-z]+$/ { bad = 1 } END { exit bad || NR != 2 }'; then
            is=there
            said=$(printf '%s\n' "$said" | sed 1d)
        else
            is=$(state "$said")
            # Who has no right to write cannot roll back what another left half done.
            if [ "$is" = closed ] && [ -s "$f-journal" ]; then
                is=hot
            fi
        fi
    fi
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$n" "$is" "$(bytes "$f")" "$(bytes "$f-wal")" "$(printf '%s' "$said" | tr '\n\t' '  ')" "$f"
done
echo '== end'

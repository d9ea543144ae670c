# Reads every database and has it checked, as long as there is time. Input:
# SECONDS_LEFT, for all of them.
# shellcheck shell=sh disable=SC2154

if [ -z "$client" ]; then
    echo missing
    exit 0
fi
until=$(($(date +%s) + SECONDS_LEFT))
echo '== files'
numbered | while read -r n f; do
    left=$((until - $(date +%s)))
    limit=
    ! command -v timeout >/dev/null || limit="timeout $left"
    standing
    if [ -n "$is" ]; then
        :
    elif [ "$left" -le 0 ]; then
        is=late
    else
        # shellcheck disable=SC2086 # words
        said=$($limit "$client" -batch -readonly -bail -cmd '.timeout 2000' "$f" 'pragma quick_check(3)' 2>&1)
        code=$?
        # It ends with 0 whatever it finds.
        case $code.$said in
        0.ok) is=whole ;;
        124.* | 143.*) is=late ;;
        0.?*) is=broken ;;
        *) is=$(state "$said") ;;
        esac
    fi
    printf '%s\t%s\t%s\t%s\n' "$n" "$is" "$(printf '%s' "$said" | tr '\n\t' '  ')" "$f"
done
echo '== end'

# Says of each server whether it takes part.
# shellcheck shell=sh disable=SC2154
n=0
for s in $(servers); do
    n=$((n + 1))
    why=$(rests "$s")
    if [ -z "$why" ]; then
        printf '@serves-%s %s\n' "$n" "$s"
    else
        printf '@rests-%s %s %s\n' "$n" "$s" "$why"
    fi
done

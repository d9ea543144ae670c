# Proves that the unit runs, and asks PROVE, a line of shell, where there is one.
# shellcheck shell=sh disable=SC2154
known
unit_runs
if [ -z "${PROVE-}" ]; then
    printf '@level started\n@proof %s is active\n' "$UNIT"
    exit 0
fi
said=$(sh -c "$PROVE" 2>&1 </dev/null)
code=$?
said=$(printf '%s' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)
[ "$code" = 0 ] || die "the proof ended with $code: ${said:-it said nothing}"
printf '@level answered\n@proof %s is active; %s\n' "$UNIT" "${said:-the proof ended with 0}"

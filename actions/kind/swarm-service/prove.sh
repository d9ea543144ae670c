# Proves that as many of the service run as are to, and asks PROVE, a line of shell,
# where there is one.
# shellcheck shell=sh disable=SC2154
wanted
[ "$wanted" != 0 ] || die "service $SERVICE is scaled to none"
all_run "$wanted"
if [ -z "${PROVE-}" ]; then
    printf '@level started\n@proof %s tasks of %s run\n' "$wanted" "$SERVICE"
    exit 0
fi
said=$(sh -c "$PROVE" 2>&1 </dev/null)
code=$?
said=$(printf '%s' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)
[ "$code" = 0 ] || die "the proof ended with $code: ${said:-it said nothing}"
printf '@level answered\n@proof %s tasks of %s run; %s\n' "$wanted" "$SERVICE" "${said:-the proof ended with 0}"

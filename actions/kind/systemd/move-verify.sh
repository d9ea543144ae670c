# Proves that the unit runs here and that its shares take what is written to
# them. Then it asks PROVE, a line of shell. Input besides: RUN.
# shellcheck shell=sh disable=SC2154
known
unit_runs
each_share share_write || exit 1
if [ -n "${PROVE-}" ]; then
    said=$(sh -c "$PROVE" 2>&1 </dev/null)
    code=$?
    said=$(printf '%s' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)
    [ "$code" = 0 ] || die "the proof ended with $code: ${said:-it said nothing}"
fi
printf '@proof %s is active\n' "$UNIT"

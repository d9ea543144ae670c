# Proves the live server: its configuration passes its test, and it runs. Then it
# asks PROVE, a line of shell of the user's, where there is one.
# shellcheck shell=sh disable=SC2154
said=$(tested 2>&1) || die "$name does not take its configuration: $(printf '%s\n' "$said" | why)"
proof=$(alive) || die "$name does not run"
if [ -z "${PROVE-}" ]; then
    printf '@level started\n@proof %s, %s\n' "${passed:-the configuration passes its test}" "$proof"
    exit 0
fi
said=$(sh -c "$PROVE" 2>&1 </dev/null)
code=$?
said=$(printf '%s' "$said" | grep -v '^[[:space:]]*$' | tail -n 1)
[ "$code" = 0 ] || die "the proof ended with $code: ${said:-it said nothing}"
printf '@level answered\n@proof %s; %s\n' "$proof" "${said:-the proof ended with 0}"

# Says whether the job can be run now. Changes nothing.
# shellcheck shell=sh disable=SC2154

if ! command -v bconsole >/dev/null; then
    echo '@missing bconsole'
    exit 0
fi
ask version || trouble "$(why)"
printf '@tool director\n@version %s\n' "$(grep ' Version: ' "$tmp/said" | grep -v '^1000 ' | sed -n 's/.* Version: \([^ ]*\).*/\1/p' | head -n 1)"
ask '.jobs type=B' || trouble "$(why)"
grep -q -F -x -e "$JOB" "$tmp/said" || trouble "the director has no job $JOB of type backup"
copies || trouble "$(why)"
exit 0

# Ahead of files/survey.sh: says @hold, why no snapshot could be made now, and
# @left, one of an earlier copy that is still there.
# shellcheck shell=sh disable=SC2154

(
    snap_no() {
        printf '@hold %s\n' "$(printf '%s' "$*" | tr '\n\t' '  ')"
        exit 0
    }
    command -v unshare >/dev/null || snap_no "unshare is not installed here: apt install util-linux"
    snap_tool
    snap_each
    snap_could
    left=$(snap_left 2>&1) || snap_no "it is not known whether an earlier copy left a snapshot: $(snap_last "$left")"
    [ -z "$left" ] || printf '@left %s\n' "$(printf '%s' "$left" | tr '\n' ' ')"
)

# Exit 0 when the server here is the one that is written to, 1 when it is not,
# 2 when that is not known.
# shellcheck shell=sh
case $(condition) in
active) exit 0 ;;
standby | stopped | fenced) exit 1 ;;
esac
echo 'whether it is the active one here is not known' >&2
exit 2

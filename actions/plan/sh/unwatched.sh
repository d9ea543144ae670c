# Behind what let go of data: tells when the host had done so by itself.
# unwatch.sh stands in front.
# shellcheck shell=sh disable=SC2154
if [ -n "$jm_who" ]; then
    [ "$jm_who" != host ] || echo "@let-go by the host itself at $jm_when"
    rm -rf "$jm_watch"
fi

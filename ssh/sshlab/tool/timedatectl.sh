#!/bin/sh
# timedatectl show [-p NAME] [--value]: from lab/clock.
read -r offset synced <"${JURYMAST_ROOT:?}/lab/clock"
: "$offset"
rows="Timezone=Etc/UTC
LocalRTC=no
CanNTP=yes
NTP=yes
NTPSynchronized=$synced"
[ "${1-}" = show ] || {
    echo "System clock synchronized: $synced"
    exit 0
}
want='' value=no
shift
while [ $# -gt 0 ]; do
    case $1 in
    -p)
        want="$want $2"
        shift
        ;;
    --property=*) want="$want ${1#*=}" ;;
    -p*) want="$want ${1#-p}" ;;
    --value) value=yes ;;
    esac
    shift
done
printf '%s\n' "$rows" | while IFS='=' read -r key said; do
    case " ${want:-$key} " in
    *" $key "*)
        if [ "$value" = yes ]; then echo "$said"; else echo "$key=$said"; fi
        ;;
    esac
done

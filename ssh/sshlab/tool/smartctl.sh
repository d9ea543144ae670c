#!/bin/sh
# smartctl --scan | [-H] [-A] [-i] [-n standby] DEVICE, with --json or -j: from
# lab/smart/NAME. It wants root, as the real one does.
json=no scan=no device=''
while [ $# -gt 0 ]; do
    case $1 in
    --json* | -j) json=yes ;;
    --scan | --scan-open) scan=yes ;;
    -d | -n | -l) shift ;;
    -*) ;;
    *) device=$1 ;;
    esac
    shift
done
folder=${JURYMAST_ROOT:?}/lab/smart
field() { sed -n "s/^$1=//p" "$file"; }

if [ "$scan" = yes ]; then
    list=''
    for file in "$folder"/*; do
        [ -e "$file" ] || continue
        name=$(field device)
        if [ "$json" = yes ]; then
            list="$list${list:+,}{\"name\":\"$name\",\"info_name\":\"$name\",\"type\":\"scsi\",\"protocol\":\"SCSI\"}"
        else
            echo "$name -d scsi # $name, SCSI device"
        fi
    done
    [ "$json" = no ] || echo "{\"json_format_version\":[1,0],\"smartctl\":{\"version\":[7,3],\"exit_status\":0},\"devices\":[$list]}"
    exit 0
fi
file=$folder/${device##*/}
trouble=''
if [ ! -e "$file" ]; then
    trouble="Smartctl open device: $device failed: No such device"
elif [ "$(id -u)" != 0 ]; then
    trouble="Smartctl open device: $device failed: Permission denied"
fi
if [ -n "$trouble" ]; then
    if [ "$json" = yes ]; then
        echo "{\"json_format_version\":[1,0],\"smartctl\":{\"version\":[7,3],\"messages\":[{\"string\":\"$trouble\",\"severity\":\"error\"}],\"exit_status\":2}}"
    else
        echo "$trouble"
    fi
    exit 2
fi
code=$(field exit)
if [ "$json" = no ]; then
    verdict=PASSED
    [ "$(field passed)" = true ] || verdict='FAILED!'
    echo "SMART overall-health self-assessment test result: $verdict"
    exit "$code"
fi
warm=''
[ "$(field celsius)" = 0 ] || warm=",\"temperature\":{\"current\":$(field celsius)}"
cat <<END
{"json_format_version":[1,0],"smartctl":{"version":[7,3],"exit_status":$code},"device":{"name":"$device","type":"sat","protocol":"ATA"},"model_name":"$(field model)","smart_status":{"passed":$(field passed)}$warm,"power_on_time":{"hours":20311}}
END
exit "$code"

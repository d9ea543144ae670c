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
case $device in
/dev/nvme*) kind='"type":"nvme","protocol":"NVMe"' more='"nvme_smart_health_information_log":{"critical_warning":0,"available_spare":100,"available_spare_threshold":10,"percentage_used":4,"media_errors":0}' ;;
*)
    attribute() { printf '{"id":%s,"name":"%s","value":100,"when_failed":"","flags":{"prefailure":false},"raw":{"value":%s,"string":"%s"}}' "$1" "$2" "$3" "$3"; }
    kind='"type":"sat","protocol":"ATA"'
    more="\"ata_smart_attributes\":{\"table\":[$(attribute 5 Reallocated_Sector_Ct 0),$(attribute 197 Current_Pending_Sector "$(field pending)")]}"
    ;;
esac
cat <<END
{"json_format_version":[1,0],"smartctl":{"version":[7,3],"exit_status":$code},"device":{"name":"$device",$kind},"model_name":"$(field model)","smart_support":{"available":true,"enabled":true},"smart_status":{"passed":$(field passed)}$warm,"power_on_time":{"hours":20311},$more}
END
exit "$code"

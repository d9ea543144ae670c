#!/bin/sh
# chronyc [-c] [-n] tracking|waitsync: from lab/clock, "OFFSET yes|no".
read -r offset synced <"${JURYMAST_ROOT:?}/lab/clock"
now=$(date +%s)
case " $* " in
*' tracking '*)
    case " $* " in
    *' -c '*)
        if [ "$synced" = yes ]; then
            echo "0A58000B,10.88.0.11,3,$now.873451213,$offset,0.000001200,0.000012345,-1.532,-0.001,0.012,0.000431,0.000120,64.2,Normal"
        else
            echo "00000000,,0,0.000000000,$offset,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised"
        fi
        ;;
    *)
        leap=Normal
        [ "$synced" = yes ] || leap='Not synchronised'
        echo "System time     : $offset seconds fast of NTP time"
        echo "Leap status     : $leap"
        ;;
    esac
    ;;
*' waitsync '*) [ "$synced" = yes ] ;;
*)
    echo 'Unrecognized command' >&2
    exit 1
    ;;
esac

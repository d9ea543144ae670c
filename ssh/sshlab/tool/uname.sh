#!/bin/sh
# uname: from lab/uname, which holds "SYSTEM NODE RELEASE MACHINE".
read -r system node release machine <"${JURYMAST_ROOT:?}/lab/uname"
said=''
for option in "${@:--s}"; do
    case $option in
    -s) said="$said $system" ;;
    -n) said="$said $node" ;;
    -r) said="$said $release" ;;
    -v) said="$said #1 SMP" ;;
    -m | -p | -i) said="$said $machine" ;;
    -o) said="$said $system" ;;
    -a) said="$said $system $node $release #1 SMP $machine" ;;
    -sr | -rs) said="$said $system $release" ;;
    -sm | -ms) said="$said $system $machine" ;;
    *)
        echo "uname: invalid option -- '$option'" >&2
        exit 1
        ;;
    esac
done
echo "${said# }"

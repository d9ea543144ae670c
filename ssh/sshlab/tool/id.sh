#!/bin/sh
# id, as far as scripts ask: -u, -un, -g, -gn, -G, -Gn, none. Who one is stands
# in JURYMAST_LAB_UID, which a login and sudo set.
uid=${JURYMAST_LAB_UID:-1000}
name=${USER:-admin}
[ "$uid" != 0 ] || name=root
case "$*" in
-u | -g | -G | '-r -u' | -ru) echo "$uid" ;;
-un | -gn | -Gn | -nu | -ng | -nG | '-u -n' | '-n -u') echo "$name" ;;
'') echo "uid=$uid($name) gid=$uid($name) groups=$uid($name)" ;;
*)
    echo "id: '$1': no such user" >&2
    exit 1
    ;;
esac

# Says what an OPNsense firewall knows of itself, each tool's answer in a part of
# its own. Input: SUDO, "sudo -n" or nothing, ahead of configctl.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/sbin:/usr/sbin
export LC_ALL PATH
SUDO=${SUDO-}
R=${JURYMAST_ROOT-}

if ! command -v opnsense-version >/dev/null; then
    echo missing
    exit 0
fi

# control asks the configuration daemon, which ends with 0 whatever it says.
control() {
    printf '== %s\n' "$1"
    shift
    # shellcheck disable=SC2086 # two words, or none
    $SUDO configctl "$@" 2>&1 </dev/null
    echo
}

echo '== version'
opnsense-version 2>&1 </dev/null
control gateways interface gateways status
control carp interface show carp
control services service list
echo '== addresses'
ifconfig -a 2>&1 </dev/null | awk '/^[a-z]/ { sub(/:$/, "", $1); on = $1 } $1 == "carp:" { $1 = on; print }'
echo '== updates'
if [ -r "$R/tmp/pkg_upgrade.json" ]; then
    date -r "$R/tmp/pkg_upgrade.json" +%s
    cat "$R/tmp/pkg_upgrade.json"
    echo
fi
echo '== config'
if [ -e "$R/conf/config.xml" ]; then
    date -r "$R/conf/config.xml" +%s
    if [ -r "$R/conf/config.xml" ]; then
        printf '%s\n' "$(tail -n 1 "$R/conf/config.xml")"
        # Who changed it last, and why: nothing else of it leaves the firewall.
        sed -n '/<revision>/,/<\/revision>/p' "$R/conf/config.xml" 2>/dev/null
    fi
fi
if command -v zpool >/dev/null; then
    echo '== pools'
    zpool status -x 2>&1 </dev/null
fi
echo '== end'

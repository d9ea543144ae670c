# What the looks at Proxmox VE have in common. They answer in parts
# "== NAME CODE", CODE being the exit code of what was asked.
# Input: SUDO, "sudo -n" or nothing: only root may ask.
# shellcheck shell=sh

LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
SUDO=${SUDO-}
[ "$(id -u)" != 0 ] || SUDO=

if ! command -v pvesh >/dev/null; then
    echo missing
    exit 0
fi

# ask NAME SECONDS COMMAND... prints what the command says; what it warns of
# may stand ahead of its answer.
ask() {
    name=$1
    most=$2
    shift 2
    # shellcheck disable=SC2086 # two words, or none
    out=$(timeout "$most" $SUDO "$@" 2>&1 </dev/null)
    printf '== %s %s\n%s\n' "$name" "$?" "$out"
}

set -f # names of storages are no patterns
printf '== now 0\n%s\n' "$(date +%s)"

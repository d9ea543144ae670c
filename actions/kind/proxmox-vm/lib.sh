# What is common to keeping a guest of Proxmox VE off. Inputs: GUEST (its id),
# TOOL (qm or pct), SID (vm:ID or ct:ID).
# shellcheck shell=sh disable=SC2034,SC2154
command -v "$TOOL" >/dev/null || die "$TOOL is not there: this is no Proxmox VE node"
memory=${JURYMAST_ROOT-}/var/lib/jurymast/fence-$TOOL-$GUEST

# status prints stopped or running; an answer about a guest of another node is
# none.
status() {
    said=$(timeout 60 "$TOOL" status "$GUEST" 2>&1) || die "$TOOL status $GUEST: $said"
    case $said in
    'status: '*) printf '%s\n' "${said#status: }" ;;
    *) die "$TOOL status $GUEST: $said" ;;
    esac
}

# managed tells whether the cluster's HA would start the guest again, and ends it
# where that is not known.
managed() {
    command -v ha-manager >/dev/null || return 1
    listed=$(timeout 60 ha-manager config 2>&1 </dev/null) || die "whether HA manages $SID is not known: $(printf '%s\n' "${listed:-ha-manager says nothing}" | tail -n 1)"
    printf '%s\n' "$listed" | grep -q "^$SID\$"
}

setting() {
    timeout 60 "$TOOL" config "$GUEST" | sed -n "s/^$1: //p"
}

# What moving a guest from node to node of one cluster rests on, behind
# directory/common.sh. Inputs: GUEST (its id), TOOL (qm or pct), FOLDER
# (qemu-server or lxc), API (qemu or lxc), SID (vm:ID or ct:ID), WAIT (seconds
# that it may take to shut down).
# shellcheck shell=sh disable=SC2034,SC2154
for program in "$TOOL" pvesh; do
    command -v "$program" >/dev/null || die "$program is not there: this is no node of Proxmox VE"
done
pve=${JURYMAST_ROOT-}/etc/pve
me=$(hostname)
me=${me%%.*}
held=${JURYMAST_ROOT-}/var/lib/jurymast/moved-$TOOL-$GUEST

# quorum tells whether this node may change anything. Without it /etc/pve can
# be read, and may be behind what the others have done.
quorum() {
    [ ! -e "$pve/corosync.conf" ] || timeout 30 pvecm status >/dev/null 2>&1
}

# owner prints the node whose guest it is: that of its one file.
owner() {
    found=
    for file in "$pve"/nodes/*/"$FOLDER/$GUEST.conf"; do
        [ -e "$file" ] || continue
        [ -z "$found" ] || die "guest $GUEST is on more than one node: $found and ${file#"$pve"/nodes/}"
        found=${file#"$pve"/nodes/}
        found=${found%%/*}
    done
    [ -n "$found" ] || die "no node of this cluster has guest $GUEST"
    printf '%s\n' "$found"
}

# status prints running or stopped, of a guest of this node.
status() {
    said=$(timeout 60 "$TOOL" status "$GUEST" 2>&1) || die "$TOOL status $GUEST: $said"
    case $said in
    'status: '*) printf '%s\n' "${said#status: }" ;;
    *) die "$TOOL status $GUEST: $said" ;;
    esac
}

# managed tells whether the cluster's HA moves and starts it, and ends it where that
# is not known.
managed() {
    command -v ha-manager >/dev/null || return 1
    listed=$(timeout 60 ha-manager config 2>&1 </dev/null) || die "whether HA manages $SID is not known: $(printf '%s\n' "${listed:-ha-manager says nothing}" | tail -n 1)"
    printf '%s\n' "$listed" | grep -q "^$SID\$"
}

setting() {
    timeout 60 "$TOOL" config "$GUEST" | sed -n "s/^$1: //p"
}

# online tells whether the cluster sees a node.
online() {
    grep -q "\"$1\": {.*\"online\": 1" "$pve/.members" 2>/dev/null
}

# start has the guest run here.
start() {
    is=$(status) || exit 1
    [ "$is" = running ] || timeout 300 "$TOOL" start "$GUEST" </dev/null || die "guest $GUEST does not start"
    is=$(status) || exit 1
    [ "$is" = running ] || die "guest $GUEST was started and its status is $is"
}

# disks prints the volumes that the guest has, STORAGE:VOLUME a line, and the
# folders and devices of its node that it uses, which nobody called shared.
disks() {
    awk '/^\[/ { exit }
        /^(scsi|virtio|ide|sata|efidisk|tpmstate|rootfs|mp)[0-9]*: / && !/media=cdrom/ {
            split($2, part, ","); if (part[1] != "none" && (part[1] !~ /^\// || !/,shared=1/)) print part[1]
        }' "$pve/nodes/$1/$FOLDER/$GUEST.conf"
}

# drives prints what lies in the CD drives of a guest of this node; that of
# cloud-init is made anew by each node.
drives() {
    awk '/^\[/ { exit }
        /^(scsi|ide|sata)[0-9]*: / && /media=cdrom/ {
            split($2, part, ","); if (part[1] != "none" && part[1] !~ /-cloudinit(\.|$)/) print part[1]
        }' "$pve/nodes/$me/$FOLDER/$GUEST.conf"
}

# storage NAME prints its type, whether it is said to be shared, and its pool.
storage() {
    awk -v name="$1" '
        /^[a-z]+: / { mine = $2 == name; if (mine) { type = $1; sub(/:$/, "", type) } next }
        mine && $1 == "shared" { shared = $2 }
        mine && $1 == "pool" { pool = $2 }
        END { print type, (shared == "" ? 0 : shared), pool }' "$pve/storage.cfg"
}

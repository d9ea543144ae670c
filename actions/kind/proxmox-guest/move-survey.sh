# Says what part this node plays for the guest: active where it runs, stopped
# where it lies and does not run, standby elsewhere. Says @lag, in seconds,
# where its disks are replicated to this node; of a guest that is handed over, why
# it cannot be now (@stays), how it would be (@seen), and how long that takes at
# least (@floor). Inputs besides: DISKS (shared or replicated, what the inventory
# says), HAND (live, restart, or nothing).
# shellcheck shell=sh disable=SC2154
quorum || trouble 'the cluster has no quorum: nothing can be started or moved (pvecm status)'
who=$(owner) || exit 1
if managed; then
    trouble "HA manages $SID, and would move it by itself: use ha-manager crm-command migrate $SID NODE"
fi
printf '@version %s\n@writable yes\n' "$(dpkg-query -W -f '${Version}' pve-manager 2>/dev/null | sed 's/\..*//')"
if [ "$who" = "$me" ]; then
    is=$(status) || exit 1
    case $is in
    running) echo '@role active' ;;
    *) echo '@role stopped' ;;
    esac
else
    echo '@role standby'
fi
oldest=
list=$(disks "$who") || exit 1
for volume in $list; do
    case $volume in
    /*) trouble "it uses $volume of its node, which the others do not have" ;;
    esac
    name=${volume%%:*}
    # shellcheck disable=SC2046 # three words
    set -- $(storage "$name")
    case ${1-} in
    nfs | cifs | cephfs | rbd | glusterfs | iscsi | iscsidirect | zfs) shared=1 ;; # zfs is ZFS over iSCSI
    *) shared=${2-0} ;;
    esac
    if [ "$shared" = 1 ]; then
        timeout 60 pvesm status --storage "$name" 2>/dev/null | awk -v s="$name" '$1 == s && $3 == "active" { found = 1 } END { exit !found }' ||
            trouble "storage $name, which holds $volume, is not active on $me"
    elif [ "$who" = "$me" ]; then
        :
    elif [ "${1-}" = zfspool ] && [ -n "${3-}" ]; then
        [ "$DISKS" = replicated ] || trouble "$volume is replicated and not shared: set disks = \"replicated\""
        # A replica is as old as the snapshot that it was sent with. A linked
        # clone stands behind what it was made of.
        disk=${volume#*:}
        disk=${disk##*/}
        at=$(timeout 60 zfs list -H -t snapshot -o name "$3/$disk" 2>/dev/null | sed -n "s/.*@__replicate_$GUEST-[0-9]*_\([0-9][0-9]*\)__\$/\1/p" | sort -n | tail -n 1)
        [ -n "$at" ] || trouble "$volume is neither shared nor replicated to $me"
        if [ -z "$oldest" ] || [ "$at" -lt "$oldest" ]; then
            oldest=$at
        fi
    else
        trouble "$volume is on a storage of ${who} alone, and is not replicated to $me"
    fi
done
if [ "$DISKS" = replicated ] && [ "$who" != "$me" ]; then
    # What a node that is there has not sent yet it sends with the guest.
    if [ -z "$oldest" ] || online "$who"; then
        oldest=$(date +%s)
    fi
    printf '@lag %s\n' "$(($(date +%s) - oldest))"
fi
# What keeps a guest from being handed over as it runs. The cluster names devices
# of the node, and those of them that are mapped once more.
if [ "$who" = "$me" ] && [ -n "$HAND" ]; then
    locked=$(setting lock)
    [ -z "$locked" ] || printf '@stays it is locked: %s\n' "$locked"
    case $HAND in
    restart) printf '@seen the cluster shuts it down, moves it and starts it anew\n' ;;
    live)
        printf '@floor 0\n@seen it goes on running while its memory is copied\n'
        for volume in $(drives); do
            name=${volume%%:*}
            # shellcheck disable=SC2046 # three words
            set -- $(storage "$name")
            case ${1-} in
            nfs | cifs | cephfs | iscsi | glusterfs) shared=1 ;;
            *) shared=${2-0} ;;
            esac
            [ "$shared" = 1 ] || printf '@stays its CD drive holds %s, which only %s has: eject it\n' "$volume" "$me"
        done
        can=$(timeout 60 pvesh get "/nodes/$me/$API/$GUEST/migrate" --output-format json 2>&1 </dev/null)
        case $can in
        *'"local_resources":['*) ;;
        *) printf '@stays the node does not say whether it can migrate: %s\n' "$(printf '%s\n' "$can" | tail -n 1)" ;;
        esac
        rest=$(printf '%s\n' "$can" | sed 's/"local_resources":\[[^]]*\]//')
        for device in $(printf '%s\n' "$can" | sed -n 's/.*"local_resources":\[\([^]]*\)\].*/\1/p' | tr -d '"' | tr ',' ' '); do
            case $rest in
            *"\"$device\""*) ;;
            *) printf '@stays it uses %s of its node\n' "$device" ;;
            esac
        done
        ;;
    esac
fi

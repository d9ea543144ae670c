# What the scripts have in common that send subvolumes, behind line.sh and
# facts.sh. Inputs besides: NAME (of the repository), SNAPSHOTS (a folder for the
# snapshots that are sent, or nothing).
# shellcheck shell=sh disable=SC2034,SC2154

# near_of prints the folder that holds what was sent of a path: of this backup,
# to this repository.
near_of() { printf '%s/%s/%s\n' "${SNAPSHOTS:-${1%/*}/.jurymast-send}" "$NAME" "${TAG-}"; }

# common prints the newest copy of which this host has the snapshot that was
# sent, as "ID PATH-OF-THE-SNAPSHOT". $tmp/far and $tmp/answer are what copies
# leaves there. One that is damaged is none: what is made from it has what is
# spoilt of it too.
common() {
    while read -r id _ _ _ mark from <&3; do
        ! grep -qxF "damaged $id" "$tmp/answer" || continue
        s=$(near_of "$from")/$id
        if [ -d "$s" ] && facts "$s" && [ "$uuid" = "$mark" ] && [ "$flags" = readonly ]; then
            printf '%s %s\n' "$id" "$s"
            return 0
        fi
    done 3<"$tmp/far"
    return 1
}

# seat makes the folder that a copy is written to: a subvolume again, where it
# comes to lie on a btrfs.
seat() { btrfs subvolume create "$1" >/dev/null 2>&1 </dev/null || mkdir "$1"; }

# What btrfs knows of a subvolume, here and at the other end.
# shellcheck shell=sh disable=SC2034

# facts sets $uuid, $received and $flags of a subvolume, "-" for none. It ends
# with 1, and with btrfs's words in $told, where a path is none.
facts() {
    told=$(btrfs subvolume show "$1" 2>&1 </dev/null) || return 1
    # shellcheck disable=SC2046 # three words
    set -- $(printf '%s\n' "$told" | awk '
        $1 == "UUID:" { u = $2 }
        $1 == "Received" && $2 == "UUID:" { r = $3 }
        $1 == "Flags:" { f = $2 }
        END { print (u == "" ? "?" : u), (r == "" ? "?" : r), (f == "" ? "?" : f) }')
    uuid=$1 received=$2 flags=$3
    [ "$uuid" != '?' ] && [ "$received" != '?' ] && [ "$flags" != '?' ]
}

# arrived tells whether a subvolume is what came of the whole of a stream. One
# whose stream was cut off can be written and has no Received UUID.
arrived() {
    facts "$1" && [ "$flags" = readonly ] && [ "$received" != - ]
}

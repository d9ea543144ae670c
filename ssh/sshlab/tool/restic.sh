#!/bin/sh
# restic 0.16: version, init, cat, snapshots, list, backup, tag, restore, dump,
# stats, forget and unlock. Whatever its address is, a repository is the folder
# lab/restic of the machine: a copy is ID/tree.tar and ID/snapshot.
store=${JURYMAST_ROOT:?}/lab/restic
verb=${1-}
[ $# = 0 ] || shift
if [ "$verb" = version ]; then
    echo 'restic 0.16.4 compiled with go1.21.6 on linux/amd64'
    exit 0
fi
if [ -z "${RESTIC_PASSWORD-}" ]; then
    echo 'Fatal: an empty password is not a password' >&2
    exit 1
fi
if [ "$verb" = init ]; then
    mkdir -p "$store"
    exit
fi
if [ ! -d "$store" ]; then
    echo "Fatal: unable to open config file: Stat: The specified key does not exist. Is there a repository at the following location? $RESTIC_REPOSITORY" >&2
    exit 1
fi

# What is no option stays, in its order.
host='' tags='' add='' target='' latest=no want='' left=$#
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $want:$word in
    host:*) host=$word want='' ;;
    tag:*) tags="$tags${tags:+,}$word" want='' ;;
    add:*) add=$word want='' ;;
    target:*) target=$word want='' ;;
    skip:*) want='' ;;
    rest:*) set -- "$@" "$word" ;;
    :--host | :--tag | :--add | :--target) want=${word#--} ;;
    :--mode | :--cacert) want=skip ;;
    :--latest) want=skip latest=yes ;;
    :--) want=rest ;;
    :-*) ;;
    *) set -- "$@" "$word" ;;
    esac
done

# fits ID: whether a copy carries all of $tags.
fits() {
    for tag in $(printf '%s' "$tags" | tr ',' ' '); do
        grep -q "\"$tag\"" "$store/$1/snapshot" || return 1
    done
}
# size ID: the bytes of its files.
size() { tar -tvf "$store/$1/tree.tar" | awk '/^-/ { s += $3 ~ /^[0-9]+$/ ? $3 : $5 } END { printf "%.0f", s }'; }
quoted() { printf '%s' "$1" | tr ',' '\n' | awk '{ printf "%s\"%s\"", (NR > 1 ? "," : ""), $0 }'; }
ids() {
    for at in "$store"/*; do
        [ ! -e "$at/snapshot" ] || printf '%s\n' "${at##*/}"
    done
}

case $verb in
cat) echo '{"version":2,"id":"lab"}' ;;
list | unlock) ;;
snapshots)
    all=$(for id in $(ids); do ! fits "$id" || cat "$store/$id/snapshot"; done | sort)
    [ "$latest" = no ] || all=$(printf '%s\n' "$all" | tail -n 1)
    printf '[%s]\n' "$(printf '%s' "$all" | sed 's/^[0-9]* //' | paste -s -d, -)"
    ;;
backup)
    id=$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')
    mkdir "$store/$id" || exit 1
    tar -cf "$store/$id/tree.tar" -- "$@" 2>/dev/null || exit 3
    # The second of it comes first, to be sorted by.
    printf '%s {"time":"%s","tree":"lab","paths":[%s],"hostname":"%s","username":"root","tags":[%s],"id":"%s","short_id":"%.8s"}\n' "$(date +%s)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
        "$(printf '%s\n' "$@" | awk '{ printf "%s\"%s\"", (NR > 1 ? "," : ""), $0 }')" "$host" "$(quoted "$tags")" "$id" "$id" >"$store/$id/snapshot"
    printf '{"message_type":"summary","total_files_processed":%s,"total_bytes_processed":%s,"snapshot_id":"%s"}\n' "$(tar -tvf "$store/$id/tree.tar" | grep -c '^-')" "$(size "$id")" "$id"
    ;;
tag)
    for id in $(ids); do
        ! fits "$id" || sed -i.old "s/\"tags\":\[/&\"$add\",/" "$store/$id/snapshot"
    done
    ;;
restore | dump | stats)
    if [ ! -e "$store/${1:-none}/snapshot" ]; then
        echo "Fatal: no matching ID found for prefix \"${1-}\"" >&2
        exit 1
    fi
    case $verb in
    restore) mkdir -p "$target" && tar -xpf "$store/$1/tree.tar" -C "$target" ;;
    dump) cat "$store/$1/tree.tar" ;;
    stats) printf '{"total_size":%s,"total_file_count":1}\n' "$(size "$1")" ;;
    esac
    ;;
forget)
    for id; do
        rm -rf "${store:?}/$id"
    done
    ;;
*)
    echo "unknown command \"$verb\" for \"restic\"" >&2
    exit 1
    ;;
esac

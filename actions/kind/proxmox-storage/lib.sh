# What copies of guests in a storage of Proxmox VE have in common, behind
# directory/common.sh and directory/json.sh. Inputs: GUEST (its id), STORAGE,
# MODE (snapshot, suspend or stop), DISKS (storage for what is brought back, or
# empty), WAIT (seconds that a guest may take to come up or to go down), TAG.
#
# A copy is a backup of the guest that the storage lists, whoever made it. Those
# that are made here have notes "jurymast backup=TAG run=RUN STATE", where STATE
# is begun until the task's own verdict is known, then whole or partial.
# shellcheck shell=sh disable=SC2034,SC2153,SC2154

pve=${JURYMAST_ROOT-}/etc/pve
me=$(hostname)
me=${me%%.*}
work

# why prints what a tool complained of, $1 where that is nothing.
why() {
    told=$(grep -v '^[[:space:]]*$' "$tmp/err" 2>/dev/null | tail -n 1)
    printf '%s\n' "${told:-$1}"
}

# get asks for something and leaves the answer, which is JSON, in $tmp/said.
get() {
    timeout 120 pvesh get "$@" --output-format json >"$tmp/said" 2>"$tmp/err" </dev/null
}

# field prints a value of the object in $tmp/said.
field() {
    flat <"$tmp/said" | awk -F '\t' -v name=".$1" '$1 == name { print $2; exit }'
}

# steady ends it unless this node may change something. Without quorum /etc/pve
# can be read, and may be behind what others have done.
steady() {
    [ -d "$pve/nodes/$me" ] || die "$me does not see the files of its cluster: see pve-cluster.service"
    [ ! -e "$pve/corosync.conf" ] || timeout 30 pvecm status >/dev/null 2>&1 ||
        die 'the cluster has no quorum: nothing can be changed (pvecm status)'
}

# guest leaves in $who the node that has a guest, in $form qemu or lxc, in $tool
# what handles it and in $conf its file. It ends with 1 when no node has it.
guest() {
    who='' form=''
    for file in "$pve"/nodes/*/qemu-server/"$1.conf" "$pve"/nodes/*/lxc/"$1.conf"; do
        [ -e "$file" ] || continue
        [ -z "$who" ] || die "guest $1 is there more than once: on $who, and ${file#"$pve"/nodes/}"
        who=${file#"$pve"/nodes/}
        form=qemu tool=qm conf=$file
        case $who in */lxc/*) form=lxc tool=pct ;; esac
        who=${who%%/*}
    done
    [ -n "$who" ]
}

# here ends it unless this node has the guest.
here() {
    guest "$1" || die "no node of this cluster has guest $1"
    [ "$who" = "$me" ] || die "guest $1 is on $who, and $me was asked"
}

# setting prints a setting of the guest in $conf, but not of its snapshots.
setting() {
    awk -v name="$1:" '/^\[/ { exit } $1 == name { sub(/^[^ ]* */, ""); print; exit }' "$conf"
}

# running tells whether a guest of this node runs, and ends it when that is not
# known.
running() {
    is=$(timeout 60 "$tool" status "$1" 2>&1 </dev/null) || die "$tool status $1: $is"
    case $is in
    'status: running') return 0 ;;
    'status: stopped') return 1 ;;
    *) die "$tool status $1: $is" ;;
    esac
}

# task has something done that the cluster keeps as a task, and ends with 0 when
# the task says that it went well. pvesh ends with 0 whatever became of it. It
# leaves the task's own word in $verdict and its log in $tmp/log.
task() {
    upid='' verdict=''
    pvesh "$@" --output-format json >"$tmp/log" 2>&1 </dev/null
    upid=$(grep -o 'UPID:[A-Za-z0-9:@!._-]*' "$tmp/log" | tail -n 1)
    if [ -z "$upid" ]; then
        verdict=$(grep -v '^[[:space:]]*$' "$tmp/log" | tail -n 1)
        verdict="no task was begun: ${verdict:-nothing was said}"
        return 1
    fi
    node=${upid#UPID:}
    node=${node%%:*}
    while :; do
        get "/nodes/$node/tasks/$upid/status" || die "what became of task $upid cannot be asked: $(why 'nothing was said')"
        case $(field status) in
        running) sleep 2 ;;
        stopped) break ;;
        *) die "what became of task $upid is not understood: $(tr '\n' ' ' <"$tmp/said")" ;;
        esac
    done
    verdict=$(field exitstatus)
    case $verdict in
    OK | 'WARNINGS: '*) return 0 ;;
    '') verdict='it does not say how it ended' ;;
    esac
    return 1
}

# warned prints the first warning of the task that was last.
warned() {
    case $verdict in
    'WARNINGS: '*) printf '%s\n' "$verdict, $(grep -i '^ *warn' "$tmp/log" | head -n 1)" ;;
    esac
}

# copies prints the copies of the guest, the newest first, as lines
# "ID UNIX-TIME BYTES SORT RUN BACKUP PROTECTED STATE FOUND": "-" for what is not
# said. FOUND is what a Proxmox Backup Server found when it read it, ok or failed.
# One that is not finished has no size, or one of 1 (Proxmox Backup Server).
copies() {
    get "/nodes/$me/storage/$STORAGE/content" --content backup --vmid "$GUEST" || return
    case $(tr -d ' \t\r\n' <"$tmp/said" | cut -c 1) in
    '[') ;;
    *) echo 'what it answered is no list of copies' >"$tmp/err" && return 1 ;;
    esac
    flat <"$tmp/said" | awk -F '\t' -v guest="$GUEST" '
        function put(    w, run, of, state) {
            run = of = state = "-"
            if (split(note, w, " ") == 4 && w[1] == "jurymast" && w[2] ~ /^backup=./ && w[3] ~ /^run=./) {
                of = substr(w[2], 8)
                run = substr(w[3], 5)
                state = w[4]
            }
            if (id != "" && of_guest == guest && at ~ /^[0-9]+$/ && size ~ /^[0-9]+$/ && size > 1)
                printf "%s %s %s %s %s %s %s %s %s\n", id, at, size,
                    found != "" && found != "ok" || state != "-" && state != "whole" ? "partial" : "complete", run, of, kept, state, found == "" ? "-" : found
            id = of_guest = at = size = note = found = ""
            kept = "0"
        }
        BEGIN { kept = "0" }
        {
            split($1, p, ".")
            if (p[2] != now) put()
            now = p[2]
            if (p[3] == "volid") id = $2
            else if (p[3] == "vmid") of_guest = $2
            else if (p[3] == "ctime") at = $2
            else if (p[3] == "size") size = $2
            else if (p[3] == "notes") note = $2
            else if (p[3] == "protected") kept = $2
            else if (p[3] == "verification" && p[4] == "state") found = $2
        }
        END { put() }' | sort -k2,2nr >"$tmp/list"
    cat "$tmp/list"
}

# known ends it unless $COPY is the name of a copy of this guest in the storage.
known() {
    copies >"$tmp/copies" || die "the copies in $STORAGE cannot be listed: $(why 'nothing was said')"
    awk -v id="$COPY" '$1 == id { found = 1 } END { exit !found }' "$tmp/copies" || die "$STORAGE lists no copy $COPY of guest $GUEST"
}

# bring has a copy brought back as a guest of this node: ID COPY and what more is
# to be said. Who asks has seen that nothing there is lost.
bring() {
    id=$1 from=$2
    shift 2
    case $from in
    *:backup/vzdump-lxc-* | *:backup/ct/*) set -- create "/nodes/$me/lxc" --ostemplate "$from" --restore 1 "$@" ;;
    *:backup/vzdump-qemu-* | *:backup/vm/*) set -- create "/nodes/$me/qemu" --archive "$from" "$@" ;;
    *) die "it is not known whether $from is of a virtual machine or of a container" ;;
    esac
    [ -z "$disks" ] || set -- "$@" --storage "$disks"
    task "$@" --vmid "$id" || die "the copy $from could not be brought back: $verdict${upid:+; see pvenode task log $upid}"
}

# placed leaves in $disks the storage that disks are brought back to, empty for
# where the copy had them. A container's are put into "local" unless it is said.
placed() {
    disks=$DISKS
    [ -z "$disks" ] || return 0
    case $1 in
    *:backup/vzdump-lxc-* | *:backup/ct/*) ;;
    *) return 0 ;;
    esac
    guest "$GUEST" && disks=$(setting rootfs) && disks=${disks%%:*}
    [ -n "$disks" ] || die "where a container's disks are to go is not known: set disks to a storage"
}

# What a run makes is written down ahead: "RUN making", then "RUN made". A guest
# that it replaces has a note of its own, NAME.replaced.
note() {
    printf '%s\n' "${JURYMAST_ROOT-}/var/lib/jurymast/guest-$1"
}

write() {
    to=$(note "$1")
    mkdir -p "${to%/*}" || exit 1
    printf '%s\n' "$2" >"$to.part" && flush "$to.part" && mv "$to.part" "$to" || exit 1
}

# ours tells whether this run has made a guest, or begun to.
ours() {
    case $(cat "$(note "$1")" 2>/dev/null) in
    "$RUN made") return 0 ;;
    "$RUN making") return 0 ;;
    *) return 1 ;;
    esac
}

# discard removes a guest that this run has made, and nothing else. One whose
# making was cut off is known by its lock.
discard() {
    ours "$1" || die "guest $1 was not made by run $RUN, and stays"
    if guest "$1"; then
        here "$1"
        if [ "$(cat "$(note "$1")")" != "$RUN made" ] && [ "$(setting lock)" != create ]; then
            die "run $RUN was cut off while it made guest $1, and it is not known whether this is that one: see $conf"
        fi
        [ -z "$(setting lock)" ] || timeout 60 "$tool" unlock "$1" </dev/null || die "guest $1 stays locked"
        [ -z "$(setting protection)" ] || timeout 60 "$tool" set "$1" --protection 0 </dev/null >/dev/null || die "guest $1 stays protected"
        ! running "$1" || timeout 120 "$tool" stop "$1" </dev/null >&2 || die "guest $1 does not stop"
        timeout 600 "$tool" destroy "$1" --purge 1 </dev/null >&2 || die "guest $1 could not be removed"
        ! guest "$1" || die "guest $1 was removed, and is there"
    fi
    rm -f "$(note "$1")"
}

# lives waits until a guest of this node runs and answers, and says how far that
# was proven.
lives() {
    at=$(date +%s)
    until=$((at + WAIT))
    agent=
    [ "$tool" != qm ] || ! setting agent | grep -q -e ^1 -e enabled=1 || agent=yes
    while :; do
        running "$1" || die "guest $1 was started, and is stopped"
        if [ "$tool" = pct ]; then
            if timeout 30 pct exec "$1" -- true >/dev/null 2>&1 </dev/null; then
                printf '@level answered\n@proof guest %s runs, and a command in it\n' "$1"
                return 0
            fi
        elif [ -n "$agent" ]; then
            if timeout 30 qm guest cmd "$1" ping >/dev/null 2>&1 </dev/null; then
                printf '@level answered\n@proof guest %s runs, and its agent answers\n' "$1"
                return 0
            fi
        elif [ "$(date +%s)" -ge $((at + 10)) ]; then
            printf '@level started\n@proof guest %s was started and runs 10 s later; it has no agent to be asked\n' "$1"
            return 0
        fi
        [ "$(date +%s)" -lt "$until" ] || die "guest $1 runs, and does not answer within $WAIT s"
        sleep 1
    done
}

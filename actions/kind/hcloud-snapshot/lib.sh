# What copies by the cloud have in common, behind directory/json.sh and
# hcloud/lib.sh. Inputs: SERVER (its name), TAG, SPARE (name of the server of a
# drill), TYPE and LOCATION (of a server that is made; empty for those of the live
# one), LEAVE (ids of volumes that may be in no copy, one a line), WAIT (seconds).
#
# A copy is a snapshot of the server, or a backup that the cloud made of it, whoever
# asked for it. What is made here has labels: jurymast-backup (TAG), jurymast-server
# and jurymast-run, by which a copy is known when its server is gone. A server that
# was made here has jurymast-run, one that was replaced jurymast-replaced.
# shellcheck shell=sh disable=SC2034,SC2154

# The cloud says itself when something takes too long; this is for a client that
# has lost it.
LIMIT=14400

# exists asks for a server by its name and leaves what is said of it, flat, in
# $doc and its number in $id; it ends with 1 when the cloud says that there is none.
exists() {
    if ! timeout 60 hcloud server describe "$1" -o json >"$tmp/out" 2>"$tmp/err" </dev/null; then
        case $(tail -n 1 "$tmp/err") in *'server not found'*) return 1 ;; esac
        explain "$(tail -n 1 "$tmp/err")"
    fi
    doc=$(flat <"$tmp/out") || die "hcloud prints of server $1 what is no JSON, or half of it"
    [ "$(at "$doc" .name)" = "$1" ] || die "the cloud was asked for server $1 and told of another: $(at "$doc" .name)"
    id=$(at "$doc" .id)
    case $id in '' | *[!0-9]*) die "the cloud gives server $1 an id that is none: $id" ;; esac
}

# state prints the state of the server that was asked for last.
state() { at "$doc" .status; }

# ours tells whether this run has made the server that was asked for last.
ours() { [ "$(at "$doc" .labels.jurymast-run)" = "$RUN" ]; }

# images leaves in $tmp/images the images of the server, the newest first: ID
# UNIX-TIME BYTES STATUS RUN TAG PROTECTED, a dash for what is not said.
images() {
    own=none
    ! exists "$SERVER" || own=$id
    : >"$tmp/found"
    for form in snapshot backup; do
        timeout 60 hcloud image list --type "$form" -o json >"$tmp/out" 2>"$tmp/err" </dev/null || explain "$(tail -n 1 "$tmp/err")"
        flat <"$tmp/out" >"$tmp/flat" || die "hcloud prints a list of images that is no JSON, or half of it"
        # None at all is null, for the client of Debian.
        grep -q -e '^\.#' -e '^	null$' "$tmp/flat" || die "hcloud prints what is no list of images: $(head -c 80 "$tmp/out" | tr '\n' ' ')"
        awk -F '\t' -v own="$own" -v server="$SERVER" -v tag="$TAG" "$epoch"'
            function put() {
                if (number !~ /^[0-9]+$/ || of != own && !(by == server && backup == tag)) return
                if (created !~ /^20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T/) { print "unknown"; return }
                print number, epoch(created), sprintf("%.0f", size * 1e9), (status == "" ? "-" : status), (run == "" ? "-" : run), (backup == "" ? "-" : backup), kept
            }
            BEGIN { now = "none" }
            { split($1, p, ".") }
            p[2] != now {
                put()
                now = p[2]
                number = of = by = backup = run = created = status = ""
                size = kept = 0
            }
            p[3] == "id" { number = $2 }
            p[3] == "status" { status = $2 }
            p[3] == "created" { created = $2 }
            p[3] == "image_size" && $2 != "null" { size = $2 }
            p[3] == "created_from" && p[4] == "id" { of = $2 }
            p[3] == "protection" && p[4] == "delete" && $2 == "true" { kept = 1 }
            p[3] == "labels" && p[4] == "jurymast-server" { by = $2 }
            p[3] == "labels" && p[4] == "jurymast-backup" { backup = $2 }
            p[3] == "labels" && p[4] == "jurymast-run" { run = $2 }
            END { put() }' "$tmp/flat" >>"$tmp/found"
    done
    ! grep -q '^unknown' "$tmp/found" || die 'the client does not say when images were made: a newer hcloud does'
    sort -k2,2nr "$tmp/found" >"$tmp/images"
}

# known ends it unless $COPY is a whole image of the server.
known() {
    images
    awk -v id="$COPY" '$1 == id && $4 == "available" { found = 1 } END { exit !found }' "$tmp/images" || die "the cloud lists no whole image $COPY of server $SERVER"
}

# bring makes a server of $COPY, which is not started: NAME and what more is to be
# said.
bring() {
    name=$1
    shift
    form=$TYPE place=$LOCATION
    if exists "$SERVER"; then
        form=${form:-$(at "$doc" .server_type.name)}
        place=${place:-$(at "$doc" .datacenter.location.name)}
    fi
    if [ -z "$form" ] || [ -z "$place" ]; then
        die "of which type and where server $name is to be is not known: set type and location"
    fi
    act server create --name "$name" --image "$COPY" --type "$form" --location "$place" --start-after-create=false --label "jurymast-run=$RUN" "$@"
    exists "$name" || die "server $name was made, and the cloud knows of none"
    ours || die "server $name was made, and has no mark of this run"
    imaged
}

# imaged ends it unless the server that was asked for last was made of $COPY.
imaged() {
    [ "$(at "$doc" .image.id)" = "$COPY" ] || die "server $(at "$doc" .name) was to be made of image $COPY, and the cloud says $(at "$doc" .image.id)"
}

# discard removes the server that was asked for last, which this run has made.
discard() {
    name=$(at "$doc" .name)
    ours || die "server $name was not made by run $RUN, and stays"
    act server delete "$name"
    ! exists "$name" || die "server $name was removed, and is there"
}

# reaches waits until a server is in a state: NAME STATE.
reaches() {
    until=$(($(date +%s) + WAIT))
    while :; do
        exists "$1" || die "server $1 is gone"
        [ "$(state)" != "$2" ] || return 0
        [ "$(date +%s)" -lt "$until" ] || return 1
        sleep 1
    done
}

# lives starts a server, where it does not run, and says how far it is proven: the
# cloud knows that the machine runs, and nothing of what runs in it.
lives() {
    exists "$1" || die "there is no server $1"
    [ "$(state)" = running ] || { [ "$(state)" != off ] || act server poweron "$1"; }
    reaches "$1" running || die "server $1 was started, and is $(state)"
    sleep 10
    exists "$1" || die "server $1 is gone"
    [ "$(state)" = running ] || die "server $1 was started, and is $(state) 10 s later"
    printf '@level started\n@proof server %s runs 10 s after its start; what runs in it the cloud cannot say\n' "$1"
}

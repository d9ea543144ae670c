#!/bin/sh
# What docker knows of images, and of the files that describe a project: image
# inspect, manifest inspect, pull, tag, compose -p PROJECT config and up -d. An
# image is here when a container has it or lab/images says "NAME ID", and can be
# had when lab/registry names it. A compose file is read as far as services,
# image and one variable in braces go.
lab=${JURYMAST_ROOT:?}/lab

id_of() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | awk '{ printf "sha256:%s\n", substr($0 "0000000000000000000000000000000000000000000000000000000000000000", 1, 64) }'; }

# here prints the id of an image that is on this machine, by its name or id: of
# a name that was given twice the later one.
here() {
    {
        sed -n '1!G;h;$p' "$lab/images" 2>/dev/null
        grep -h '^Image=' "$lab"/containers/* 2>/dev/null | sed 's/^Image=//'
    } | while read -r name id; do
        id=${id:-$(id_of "$name")}
        if [ "$name" = "$1" ] || [ "$id" = "$1" ]; then
            printf '%s\n' "$id"
            break
        fi
    done
}
config() {
    file=compose.yaml
    [ -e "$file" ] || { echo 'no configuration file provided: not found' >&2 && exit 14; }
    name=$(sed -n 's/.*[$]{\([A-Z_]*\)}.*/\1/p' "$file" | sed -n 1p)
    eval "value=\${$name-}"
    [ -n "$value" ] || value=$(sed -n "s/^$name=//p" .env 2>/dev/null)
    sed "s|[$]{$name}|$value|" "$file"
}
case $1 in
image)
    id=$(here "$5")
    if [ -z "$id" ]; then
        echo "Error response from daemon: No such image: $5" >&2
        exit 1
    fi
    case $4 in
    *.Id*) printf '%s\n' "$id" ;;
    *.Size*) echo 184549376 ;;
    *) [ "$5" = "$id" ] || printf '%s@%s\n\n' "${5%:*}" "$id" ;; # of an id the name is not known here
    esac
    ;;
manifest | pull)
    if ! grep -qxF "$3" "$lab/registry" && [ -z "$(here "$3")" ]; then
        echo "no such manifest: $3" >&2
        exit 1
    fi
    [ "$1" = manifest ] || printf '%s %s\n' "$3" "$(id_of "$3")" >>"$lab/images"
    ;;
tag) printf '%s %s\n' "$3" "$2" >>"$lab/images" ;;
compose)
    case $4 in
    config) config ;;
    up)
        project=$3
        shift 4
        wanted=
        for word; do
            case $word in
            -*) ;;
            *) wanted="$wanted $word" ;;
            esac
        done
        config | awk '/^  [a-z]/ { s = $1; sub(":", "", s) } /^    image:/ { print s, $2 }' | while read -r service image; do
            case "$wanted " in ' ' | *" $service "*) ;; *) continue ;; esac
            id=$(here "$image")
            [ -n "$id" ] || { echo "No such image: $image" >&2 && exit 1; }
            file=$(grep -lx "Project=$project" "$lab"/containers/* | while read -r name; do grep -lx "Service=$service" "$name"; done | sed -n 1p)
            # What is left behind stays on the machine.
            sed -n 's/^Image=//p' "$file" | while read -r name; do printf '%s %s\n' "$name" "$(sed -n 's/^ImageID=//p' "$file")"; done >>"$lab/images"
            now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
            sed -e "s|^Image=.*|Image=$image|" -e "s|^ImageID=.*|ImageID=$id|" -e "s|^State.StartedAt=.*|State.StartedAt=$now|" "$file" >"$lab/container.$$" && mv "$lab/container.$$" "$file"
        done
        ;;
    esac
    ;;
esac

#!/bin/sh
# docker: info, version, ps, inspect, start, stop, restart, pause, unpause,
# exec, compose ls and compose ps; images and what describes a project are in docker-images; of a swarm, ls and inspect of nodes, networks and
# services, and service ps. Containers are files lab/containers/NAME with lines
# KEY=VALUE by the names of inspect, things of a swarm lab/swarm/WHAT/ID;
# lab/docker says "up" or "down". Of the template language it knows fields, json,
# index, if, else and end.
lab=${JURYMAST_ROOT:?}/lab
read -r daemon 2>/dev/null <"$lab/docker" || daemon=down

# inside NAME COMMAND...: docker exec; an id in full will do. A container's files are a folder of their
# own, lab/inside/NAME; paths are led there, and back in what is printed.
inside() {
    name=$1 left=$(($# - 1))
    [ -e "$lab/containers/$name" ] || name=$(grep -l "^Id=$1\$" "$lab"/containers/* 2>/dev/null | sed 's|.*/||')
    at=$lab/inside/$name
    if [ "$(sed -n 's/^State.Running=//p' "$lab/containers/$name" 2>/dev/null)" != true ]; then
        echo "Error response from daemon: No such container, or it does not run: $1" >&2
        exit 1
    fi
    shift
    for word; do
        case $word in
        /dev/*) ;;
        '' | /*) word=$at$word ;;
        esac
        [ "$left" -gt 0 ] || break
        left=$((left - 1))
        shift
        set -- "$@" "$word"
    done
    mkdir -p "$lab/said"
    PATH=$at/bin:$PATH JURYMAST_ROOT=$at JURYMAST_LAB_UID=0 "$@" >"$lab/said/$$" 2>"$lab/said/$$.err"
    code=$?
    sed "s|$at||g" "$lab/said/$$"
    sed "s|$at||g" "$lab/said/$$.err" >&2
    rm -f "$lab/said/$$" "$lab/said/$$.err"
    exit "$code"
}
if [ "$daemon" = up ] && [ "${1-}" = exec ]; then
    shift
    while :; do
        case ${1-} in
        -e | -u | -w) shift 2 ;;
        -*) shift ;;
        *) break ;;
        esac
    done
    inside "$@"
fi
if [ "$daemon" = up ]; then
    case "${1-} ${2-} ${4-}" in
    'image inspect '* | 'manifest inspect '* | 'pull '* | 'tag '* | 'compose -p config' | 'compose -p up') exec docker-images "$@" ;;
    esac
fi
compose=no object='' verb='' format='' all=no quiet=no project='' long=no names='' filter=''
while [ $# -gt 0 ]; do
    case $1 in
    node | network | service) if [ -z "$object$verb" ]; then object=$1; else names="$names $1"; fi ;;
    compose) if [ -z "$verb" ]; then compose=yes; else names="$names $1"; fi ;;
    -f | --format)
        format=$2
        shift
        ;;
    --format=*) format=${1#*=} ;;
    -p | --project-name)
        project=$2
        shift
        ;;
    --project-name=*) project=${1#*=} ;;
    --filter)
        filter="$filter $2"
        shift
        ;;
    --filter=*) filter="$filter ${1#*=}" ;;
    --type | -t | --context | -H)
        shift
        ;;
    -a | --all | -A) all=yes ;;
    -q | --quiet) quiet=yes ;;
    -aq | -qa) all=yes quiet=yes ;;
    --no-trunc) long=yes ;;
    -*) ;;
    container) ;;
    ls) if [ "$compose$object" = no ]; then verb='ps'; else verb='ls'; fi ;;
    *) if [ -z "$verb" ]; then verb=$1; else names="$names $1"; fi ;;
    esac
    shift
done

# render SHAPE TEMPLATE <FILE: prints a container by a template.
render() {
    SHAPE=$1 TEMPLATE=$2 LONG=$long awk '
    function quoted(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
    function typed(k) { if (shape == "swarm" && v[k] ~ /^([{[]|null$)/) return v[k]; return v[k] ~ /^(true|false|-?[0-9]+)$/ && k != "Name" ? v[k] : quoted(v[k]) }
    function label(k) { return k == "com.docker.compose.project" ? v["Project"] : k == "com.docker.compose.service" ? v["Service"] : "" }
    function labels() {
        return v["Project"] == "" ? "" : "com.docker.compose.project=" v["Project"] ",com.docker.compose.service=" v["Service"]
    }
    function health() {
        return v["State.Health.Status"] == "" ? "" : ",\"Health\":{\"Status\":" quoted(v["State.Health.Status"]) ",\"FailingStreak\":0,\"Log\":[]}"
    }
    function state() {
        return "{\"Status\":" quoted(v["State.Status"]) ",\"Running\":" v["State.Running"] ",\"Paused\":" v["State.Paused"] \
            ",\"Restarting\":" v["State.Restarting"] ",\"OOMKilled\":" v["State.OOMKilled"] ",\"Dead\":" v["State.Dead"] \
            ",\"ExitCode\":" v["State.ExitCode"] ",\"Error\":" quoted(v["State.Error"]) ",\"StartedAt\":" quoted(v["State.StartedAt"]) \
            ",\"FinishedAt\":" quoted(v["State.FinishedAt"]) health() "}"
    }
    function map() {
        return v["Project"] == "" ? "{}" : "{\"com.docker.compose.project\":" quoted(v["Project"]) ",\"com.docker.compose.service\":" quoted(v["Service"]) "}"
    }
    function whole() {
        if (shape == "ps")
            return "{\"Command\":\"\\\"/entry\\\"\",\"CreatedAt\":" quoted(v["Created"]) ",\"ID\":" quoted(v["ID"]) ",\"Image\":" quoted(v["Image"]) \
                ",\"Labels\":" quoted(labels()) ",\"Names\":" quoted(v["Names"]) ",\"State\":" quoted(v["State"]) ",\"Status\":" quoted(v["Status"]) "}"
        if (shape == "compose")
            return "{\"ExitCode\":" v["State.ExitCode"] ",\"Health\":" quoted(v["State.Health.Status"]) ",\"ID\":" quoted(v["ID"]) ",\"Image\":" quoted(v["Image"]) \
                ",\"Name\":" quoted(v["Names"]) ",\"Project\":" quoted(v["Project"]) ",\"Publishers\":[],\"Service\":" quoted(v["Service"]) \
                ",\"State\":" quoted(v["State"]) ",\"Status\":" quoted(v["Status"]) "}"
        return "{\"Id\":" quoted(v["Id"]) ",\"Created\":" quoted(v["Created"]) ",\"State\":" state() ",\"Image\":" quoted(v["ImageID"]) \
            ",\"Name\":" quoted(v["Name"]) ",\"RestartCount\":" v["RestartCount"] ",\"Config\":{\"Image\":" quoted(v["Image"]) ",\"Labels\":" map() "}}"
    }
    function value(path) {
        sub(/^\./, "", path)
        if (shape == "inspect" && path == "Image") return v["ImageID"]
        return path == "Labels" ? labels() : path == "Config.Image" ? v["Image"] : v[path]
    }
    function truth(path,    k) {
        sub(/^\./, "", path)
        if (path in v) return v[path] != "" && v[path] != "false" && v[path] != "0"
        for (k in v) if (index(k, path ".") == 1 && v[k] != "") return 1
        return 0
    }
    function say(s) { if (!off) printf "%s", s }
    function action(a,    w, n, q) {
        gsub(/^-? *| *-?$/, "", a)
        n = split(a, w, / +/)
        if (w[1] == "if") { stack[++depth] = off; was[depth] = truth(w[2]); off = off || !was[depth] }
        else if (w[1] == "else") off = stack[depth] || was[depth]
        else if (w[1] == "end") off = stack[depth--]
        else if (w[1] == "json" && w[2] == ".") say(whole())
        else if (w[1] == "json" && w[2] == ".State" && shape == "inspect") say(state())
        else if (w[1] == "json" && w[2] == ".Config.Labels") say(map())
        else if (w[1] == "json" && w[2] ~ /^\((index|\.Label)$/) { q = w[n]; gsub(/[")]/, "", q); say(quoted(label(q))) }
        else if (w[1] == "json") { q = w[2]; sub(/^\./, "", q); say(typed(q)) }
        else if (w[1] == "index" || w[1] == ".Label") { q = w[n]; gsub(/"/, "", q); say(label(q)) }
        else if (a ~ /^".*"$/) { q = substr(a, 2, length(a) - 2); gsub(/\\t/, "\t", q); gsub(/\\n/, "\n", q); say(q) }
        else if (a ~ /^\.[A-Za-z.]+$/) say(value(a))
        else { print "template parsing error: " a > "/dev/stderr"; bad = 1 }
    }
    { k = $0; sub(/=.*/, "", k); t = $0; sub(/^[^=]*=/, "", t); v[k] = t }
    END {
        shape = ENVIRON["SHAPE"]; rest = ENVIRON["TEMPLATE"]
        if (shape != "swarm") v["ID"] = ENVIRON["LONG"] == "yes" ? v["Id"] : substr(v["Id"], 53)
        v["Names"] = v["Name"]; v["State"] = v["State.Status"]
        if (shape == "inspect") { v["Name"] = "/" v["Name"]; v["Config.Image"] = v["Image"]; delete v["State"] }
        if (rest == "json") rest = "{{json .}}"
        if (shape != "inspect") { gsub(/\\t/, "\t", rest); gsub(/\\n/, "\n", rest) }
        while ((at = index(rest, "{{")) > 0) {
            say(substr(rest, 1, at - 1)); rest = substr(rest, at + 2)
            end = index(rest, "}}"); action(substr(rest, 1, end - 1)); rest = substr(rest, end + 2)
        }
        say(rest "\n")
        exit bad
    }'
}
field() { sed -n "s/^$2=//p" "$1"; }

# wants FILE: whether the flags ask for this container.
wants() {
    [ "$all" = yes ] || [ "$(field "$1" State.Running)" = true ] || return 1
    [ -z "$project" ] || [ "$(field "$1" Project)" = "$project" ] || return 1
    for f in $filter; do
        case $f in
        label=com.docker.compose.project=*) [ "$(field "$1" Project)" = "${f##*=}" ] || return 1 ;;
        label=com.docker.compose.service=*) [ "$(field "$1" Service)" = "${f##*=}" ] || return 1 ;;
        name=*) case $(field "$1" Name) in *"${f#name=}"*) ;; *) return 1 ;; esac ;;
        status=*) [ "$(field "$1" State.Status)" = "${f#status=}" ] || return 1 ;;
        esac
    done
}
ps() {
    shape='ps'
    [ "$compose" = no ] || shape=compose
    if [ "$quiet" = yes ]; then
        format='{{.ID}}'
    elif [ -z "$format" ] || [ "$format" = table ]; then
        echo 'CONTAINER ID   IMAGE   STATUS   NAMES'
        format='{{.ID}}   {{.Image}}   {{.Status}}   {{.Names}}'
    fi
    for file in "$lab"/containers/*; do
        if [ -e "$file" ] && wants "$file"; then render "$shape" "$format" <"$file" || exit 1; fi
    done
}
# find NAME: prints the file of the container of that name or id.
find() {
    for file in "$lab"/containers/*; do
        [ -e "$file" ] || continue
        id=$(field "$file" Id)
        case $1 in
        "$(field "$file" Name)" | "$id" | "$(printf '%s' "$id" | tail -c 12)")
            echo "$file"
            return
            ;;
        esac
    done
    return 1
}
inspect() {
    code=0 list='' sep=''
    for name in $names; do
        if ! file=$(find "$name"); then
            echo "Error: No such object: $name" >&2
            code=1
        elif [ -n "$format" ]; then
            render inspect "$format" <"$file"
        else
            list="$list$sep$(render inspect '{{json .}}' <"$file")"
            sep=,
        fi
    done
    [ -n "$format" ] || echo "[$list]"
    exit "$code"
}
projects() {
    all=yes
    for file in "$lab"/containers/*; do
        [ ! -e "$file" ] || echo "$(field "$file" Project) $(field "$file" State.Status)"
    done | sort | awk -v json="$format" '
    $1 != "" && NF == 2 { n[$1 " " $2]++; if (!($1 in seen)) { order[++c] = $1; seen[$1] = 1 } states[$1] = states[$1] (n[$1 " " $2] == 1 ? " " $2 : "") }
    END {
        if (json == "json") printf "["; else print "NAME STATUS CONFIG FILES"
        for (i = 1; i <= c; i++) {
            p = order[i]; k = split(states[p], s, " "); status = ""
            for (j = 1; j <= k; j++) status = status (j > 1 ? ", " : "") s[j] "(" n[p " " s[j]] ")"
            if (json == "json") printf "%s{\"Name\":\"%s\",\"Status\":\"%s\",\"ConfigFiles\":\"/srv/%s/compose.yaml\"}", (i > 1 ? "," : ""), p, status, p
            else print p, status, "/srv/" p "/compose.yaml"
        }
        if (json == "json") print "]"
    }'
}
act() {
    for name in $names; do
        file=$(find "$name") || {
            echo "Error response from daemon: No such container: $name" >&2
            exit 1
        }
        case $verb in
        start | restart | unpause) now='running true false' ;;
        stop | kill) now='exited false false' ;;
        pause) now='paused true true' ;;
        esac
        # shellcheck disable=SC2086 # three words
        set -- $now
        said="Up 1 second"
        [ "$1" != exited ] || said="Exited (0) 1 second ago"
        sed -e "s/^State.Status=.*/State.Status=$1/" -e "s/^State.Running=.*/State.Running=$2/" -e "s/^State.Paused=.*/State.Paused=$3/" \
            -e "s/^Status=.*/Status=$said/" -e 's/^State.Restarting=.*/State.Restarting=false/' "$file" >"$lab/container.$$"
        mv "$lab/container.$$" "$file"
        echo "$name"
    done
}

case $compose/$verb in
no/--version) verb=version ;;
yes/version)
    echo 'Docker Compose version v2.40.3'
    exit 0
    ;;
esac
if [ "$daemon" != up ]; then
    [ "$verb" != info ] || echo
    echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2
    exit 1
fi
if [ -e "$lab/docker-group" ] && [ "$(id -u)" != 0 ]; then
    echo 'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock' >&2
    exit 1
fi
# What a manager knows of its swarm; the rest of the docker command is above.
swarm() {
    folder=$lab/swarm/$object
    case $verb in
    ls)
        if [ "$object" != network ] && [ ! -e "$lab/swarm/info" ]; then
            echo 'Error response from daemon: This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.' >&2
            exit 1
        fi
        for file in "$folder"/*; do
            [ ! -e "$file" ] || echo "${file##*/}"
        done
        ;;
    inspect)
        for name in $names; do
            [ ! -e "$folder/$name" ] || render swarm "$format" <"$folder/$name" || exit 1
        done
        ;;
    ps)
        for name in $names; do
            cat "$lab/swarm/tasks/$name" || exit 1
        done
        ;;
    esac
}
if [ -n "$object" ]; then
    swarm
    exit
fi
case $verb in
info | version)
    running=$(grep -l '^State.Running=true' "$lab"/containers/* 2>/dev/null | grep -c .)
    total=$(grep -l '^Id=' "$lab"/containers/* 2>/dev/null | grep -c .)
    paused=$(grep -l '^State.Paused=true' "$lab"/containers/* 2>/dev/null | grep -c .)
    stopped=$((total - running))
    case $format in
    json | '{{json .}}')
        echo "{\"ID\":\"lab\",\"Containers\":$total,\"ContainersRunning\":$running,\"ContainersPaused\":$paused,\"ContainersStopped\":$stopped,\"Images\":$total,\"Driver\":\"overlay2\",\"Warnings\":null,\"ServerVersion\":\"29.0.1\",\"ServerErrors\":null,\"Server\":{\"Version\":\"29.0.1\"}}"
        ;;
    '') echo "Server Version: 29.0.1" ;;
    *)
        {
            cat "$lab/swarm/info" 2>/dev/null || printf 'Swarm.%s\n' LocalNodeState=inactive ControlAvailable=false Error= NodeID=
            printf 'ServerVersion=29.0.1\nServer.Version=29.0.1\nClient.Version=29.0.1\nContainers=%s\nContainersRunning=%s\nContainersPaused=%s\nContainersStopped=%s\nId=\n' \
                "$total" "$running" "$paused" "$stopped"
        } | render info "$format"
        ;;
    esac
    ;;
ps) ps ;;
ls) projects ;;
inspect) inspect ;;
start | stop | restart | pause | unpause | kill) act ;;
*)
    echo "docker: '$verb' is not a docker command." >&2
    exit 1
    ;;
esac

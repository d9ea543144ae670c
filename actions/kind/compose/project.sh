# What the scripts that act on a compose project have in common, behind
# files/lib.sh. The containers are found by the labels that compose gives them.
# Input: PROJECT.
# shellcheck shell=sh disable=SC2154

containers() { docker ps -q --no-trunc --filter "label=com.docker.compose.project=$PROJECT" "$@" </dev/null; }

# answers ends it when docker cannot be asked, or has nothing of the project.
answers() {
    command -v docker >/dev/null || die "docker is not installed"
    all=$(containers -a) || die "docker does not answer"
    [ -n "$all" ] || die "there is no such project: $PROJECT has no containers here"
}

# found prints the volumes and folders of the host that the containers write to.
# Sockets and the system's own folders are no data.
found() {
    command -v docker >/dev/null || return 0
    for id in $(containers -a 2>/dev/null); do
        docker inspect --type container --format '{{range .Mounts}}{{if .RW}}{{if or (eq .Type "volume") (eq .Type "bind")}}{{println .Source}}{{end}}{{end}}{{end}}' "$id" </dev/null 2>/dev/null
    # docker ends each answer with an empty line, in which every path would lie.
    done | sort -u | awk '$0 == "" { next } { for (k in kept) if (index($0, k "/") == 1) next } { kept[$0] = 1; print }' | while IFS= read -r at; do
        case $at in
        '' | / | /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/* | /var/run | /var/run/* | /etc/localtime | /etc/timezone | /var/lib/docker | /var/lib/docker/containers*) continue ;;
        esac
        [ -S "$at" ] || [ -L "$at" ] || outer "$at" || printf '%s\n' "$at"
    done
}

# outer tells whether a path lies in one that the inventory names.
outer() {
    printf '%s\n' "${ROOTS-}" | while IFS= read -r root; do
        case $1/ in "${root:-//}"/*) echo in && break ;; esac
    done | grep -q in
}

# wait_for waits at most a minute until as many containers run as are to.
wait_for() {
    tries=0
    # shellcheck disable=SC2086 # ids, one a word
    while running=$(docker inspect --type container --format '{{.State.Running}} {{.State.Paused}} {{.State.Restarting}}' $1 </dev/null 2>/dev/null); do
        printf '%s\n' "$running" | grep -qv "^$2\$" || return 0
        tries=$((tries + 1))
        [ "$tries" -lt 30 ] || break
        sleep 2
    done
    return 1
}

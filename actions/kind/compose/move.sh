# What the scripts that move a project have in common, behind project.sh.
# Inputs: PROJECT, DIR (the folder with its compose file, or empty).
# shellcheck shell=sh disable=SC2154

docker_answers() {
    command -v docker >/dev/null || die "docker is not installed"
    all=$(containers -a) || die "docker does not answer"
}

# policies prints the containers and when docker starts them by itself.
policies() {
    for id in $all; do
        docker inspect --type container --format '{{.Id}} {{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}' "$id" </dev/null || return 1
    done
}

# compose is version 2, or where that is not there version 1: both write the
# labels by which containers are found.
compose() {
    if docker compose version >/dev/null 2>&1 </dev/null; then
        docker compose "$@" </dev/null
    elif command -v docker-compose >/dev/null; then
        docker-compose "$@" </dev/null
    else
        die "docker compose is not installed: apt install docker-compose"
    fi
}

# project_up starts the project, as its folder describes it where one is named,
# and gives back when docker starts its containers by itself.
project_up() {
    keep_at "moved-compose-$PROJECT"
    if [ -n "$DIR" ]; then
        cd "$DIR" || die "there is no folder $DIR for the project $PROJECT"
        compose -p "$PROJECT" up -d --no-build >/dev/null || die "docker compose up failed in $DIR"
        cd /
    else
        [ -n "$all" ] || die "there is no such project: $PROJECT has no containers here, and no dir says where its compose file is"
        # shellcheck disable=SC2086 # ids, one a word
        docker start $all >/dev/null </dev/null || die "docker start failed"
    fi
    all=$(containers -a) || die "docker does not answer"
    if [ -e "$held.policies" ]; then
        while read -r id policy; do
            case $policy in
            '' | :* | no:*) continue ;;
            on-failure:*) ;;
            *) policy=${policy%%:*} ;;
            esac
            # One that has been made anew has its own policy.
            case " $(printf '%s' "$all" | tr '\n' ' ') " in
            *" $id "*) docker update --restart="$policy" "$id" >/dev/null </dev/null || die "container $id cannot be made to start by itself" ;;
            esac
        done <"$held.policies"
        rm -f "$held.policies"
    fi
}

# project_down stops the project, so that docker does not start it by itself.
project_down() {
    keep_at "moved-compose-$PROJECT"
    if [ ! -e "$held" ]; then
        policies >"$held.part" || die "docker does not answer"
        # What was noted before stays, where all of them have been kept from it since.
        if [ ! -e "$held.policies" ] || grep -qv ' no:' "$held.part"; then
            sync
            mv "$held.part" "$held.policies" || exit 1
        fi
        : >"$held" || exit 1
    fi
    if [ -n "$all" ]; then
        # shellcheck disable=SC2086 # ids, one a word
        docker update --restart=no $all >/dev/null </dev/null || die "the containers cannot be kept from starting by themselves"
        # shellcheck disable=SC2086 # ids, one a word
        docker stop $all >/dev/null </dev/null || die "docker stop failed"
    fi
    left=$(containers) || die "docker does not answer"
    [ -z "$left" ] || die "containers still run: $left"
}

# What the scripts that bring a project to another version have in common, behind
# move.sh. Inputs besides: VERSION_ENV (the variable of DIR/.env that holds the
# version; empty where DIR is a checkout of git), RUN.
# shellcheck shell=sh disable=SC2154

[ -z "$DIR" ] || DIR=${JURYMAST_ROOT-}$DIR

# known ends it unless it is known where the version is set, and how.
known() {
    [ -n "$DIR" ] || "$1" "which folder the project $PROJECT is described in is not known: set dir"
    [ -d "$DIR" ] || "$1" "there is no folder $DIR"
    if [ -n "$VERSION_ENV" ]; then
        [ "$(grep -c "^$VERSION_ENV=" "$DIR/.env" 2>/dev/null)" = 1 ] || "$1" "$DIR/.env does not set $VERSION_ENV exactly once"
    else
        command -v git >/dev/null || "$1" 'git is not installed'
        in_git rev-parse HEAD >/dev/null 2>&1 || "$1" "$DIR is no checkout of git, and version_env does not name the variable that holds the version"
    fi
}

# named tells whether something can be the name of a version.
named() {
    case $1 in
    '' | [-.]* | *[!A-Za-z0-9._+/-]* | *..*) return 1 ;;
    */*) [ -z "$VERSION_ENV" ] ;;
    esac
}

# in_git runs git as whom the folder belongs to: it is that one's files and keys.
in_git() {
    owner=$(stat -c %U "$DIR")
    if [ "$owner" = "$(id -un)" ]; then
        GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND='ssh -oBatchMode=yes' git -C "$DIR" "$@" </dev/null
    else
        runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND='ssh -oBatchMode=yes' git -C "$DIR" "$@" </dev/null
    fi
}

# version prints what is set: a version, or of a checkout its tag, else its commit.
version() {
    if [ -n "$VERSION_ENV" ]; then
        sed -n "s/^$VERSION_ENV=//p" "$DIR/.env" | tr -d "\"' \\t\\r"
    else
        in_git describe --tags --exact-match HEAD 2>/dev/null || in_git rev-parse HEAD
    fi
}

set_version() {
    if [ -n "$VERSION_ENV" ]; then
        # cp, for the new file to belong to whom the old one does.
        new=$DIR/.env.jurymast
        if ! cp -p "$DIR/.env" "$new" || ! sed "s|^$VERSION_ENV=.*|$VERSION_ENV=$1|" "$DIR/.env" >"$new" || ! sync || ! mv "$new" "$DIR/.env"; then
            die "$DIR/.env cannot be written"
        fi
    elif [ "$(in_git rev-parse HEAD)" != "$(in_git rev-parse -q --verify "$1^{commit}")" ]; then
        in_git rev-parse -q --verify "$1^{commit}" >/dev/null || in_git fetch -q --tags origin || die "git fetch failed in $DIR"
        in_git -c advice.detachedHead=false checkout -q --detach "$1" || die "git checkout $1 failed in $DIR"
    fi
}

# images prints each service and its image as they would be with a version.
images() (
    cd "$DIR" || exit 1
    [ -z "$VERSION_ENV" ] || export "$VERSION_ENV=$1"
    compose -p "$PROJECT" config | awk '
        /^[^ ]/ { inside = /^services:/ }
        inside && /^  [^ ].*:$/ { s = $1; gsub(/[:"\47]/, "", s) }
        inside && /^    image: / { i = $2; gsub(/["\47]/, "", i); print s, i }'
)

# running prints of each container its service, its image by name and by what it
# is, its state, and the image's digest in its registry or a dash.
running() {
    [ -z "$all" ] || for id in $all; do
        ln=$(docker inspect --type container --format '{{index .Config.Labels "com.docker.compose.service"}} {{.Config.Image}} {{.Image}} {{.State.Status}}' "$id" </dev/null) || return 1
        image=${ln% *} image=${image##* }
        digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$image" 2>/dev/null </dev/null | head -n 1)
        printf '%s %s\n' "$ln" "${digest:--}"
    done
}

# there tells whether a version is set, and runs. A run that has begun to bring
# it, and not come to the end, has not.
there() {
    notes_at
    [ ! -e "$notes/$RUN.note" ] || [ -e "$notes/$RUN.done" ] || return 1
    if [ -n "$VERSION_ENV" ]; then
        [ "$(version)" = "$1" ] || return 1
    else
        commit=$(in_git rev-parse -q --verify "$1^{commit}") || return 1
        [ "$(in_git rev-parse HEAD)" = "$commit" ] || return 1
    fi
    want=$(images "$1") || die "docker compose config failed in $DIR"
    runs=$(running) || die 'docker does not answer'
    # Of a service that does not run at all it is not said that it runs another.
    printf '%s\n=\n%s\n' "$want" "$runs" | awk '
        $1 == "=" { second = 1; next }
        !second { want[$1] = $2; next }
        NF { n++ }
        $1 in want && $2 != want[$1] { other = 1 }
        END { exit other || !n }'
}

# notes_at is where it is kept what ran before each run.
notes_at() { notes=${JURYMAST_ROOT-}/var/lib/jurymast/held/$(printf '%s' "deploy-compose-$PROJECT" | tr -c 'A-Za-z0-9._@-' '_').d; }

# before prints the newest note of a version other than the one that is set.
before() {
    notes_at
    is=$(version)
    # shellcheck disable=SC2012 # names of runs, as we give them
    ls -t "$notes"/*.note 2>/dev/null | while read -r note; do
        was=$(sed -n 's/^version //p' "$note")
        if [ -n "$was" ] && [ "$was" != "$is" ]; then
            printf '%s\n' "$note"
            break
        fi
    done
}

# noted prints what a note says of images: service, name, image, state, digest.
noted() { sed -n 's/^image //p' "$1"; }

is_here() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null </dev/null; }

# take_back brings what a note says, by the very images: a name may lead to
# another by now.
take_back() {
    set_version "$(sed -n -e 's/^version //p' -e 's/^commit //p' "$1" | tail -n 1)"
    noted "$1" | while read -r _ ref id _ digest; do
        [ "$(is_here "$ref")" != "$id" ] || continue
        if ! is_here "$id" >/dev/null; then
            [ "$digest" != - ] || die "the image $id of $ref is gone, and no registry is known that has it"
            docker pull -q "$digest" >/dev/null </dev/null || die "the image $digest cannot be had again"
        fi
        docker tag "$id" "$ref" </dev/null || die "the image $id cannot be called $ref again"
    done || exit 1
    up --no-build "$(noted "$1" | awk '{ print $1 }' | sort -u | tr '\n' ' ')"
    all=$(containers -a) || die 'docker does not answer'
    runs=$(running) || die 'docker does not answer'
    noted "$1" | sort -u | while read -r service ref id _; do
        printf '%s\n' "$runs" | grep -qF "$service $ref $id " || die "$service does not run $ref ($id) again"
    done || exit 1
}

# up starts services anew, as they are described: of a checkout all of them, for
# their description may be another.
up() {
    cd "$DIR" || exit 1
    if [ -z "$VERSION_ENV" ]; then
        compose -p "$PROJECT" up -d "$1" >/dev/null || die "docker compose up failed in $DIR"
    else
        # shellcheck disable=SC2086 # names, one a word
        compose -p "$PROJECT" up -d "$1" --no-deps $2 >/dev/null || die "docker compose up failed in $DIR"
    fi
    cd /
}

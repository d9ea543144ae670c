# Says which version runs, which would be brought, and how. Inputs besides:
# WANTED; REPOSITORY, BRANCH and what newest.sh takes, which jm_newest runs.
# shellcheck shell=sh disable=SC2034,SC2154
command -v docker >/dev/null || { echo '@missing docker' && exit 0; }
all=$(containers -a) || trouble 'docker does not answer'
[ -n "$all" ] || trouble "nothing of the project $PROJECT is here: start it first"
known trouble
is=$(version)
printf '@current %s\n' "$is"
note=
case $WANTED in
newest)
    [ -n "$REPOSITORY" ] || trouble 'which version is newest is not known: name one by --to, or add a check of kind github'
    [ -z "$BRANCH" ] || [ -z "$VERSION_ENV" ] || trouble "the check of kind github is for the branch $BRANCH, and images are named after releases: name a version by --to"
    said=$(jm_newest)
    code=$(printf '%s\n' "$said" | sed -n '/^== code$/{n;p;}')
    [ "$code" = 200 ] || trouble "GitHub does not say what is newest: HTTP ${code:-none}: $(printf '%s\n' "$said" | sed -n 2p)"
    if [ -n "$BRANCH" ]; then
        to=$(printf '%s\n' "$said" | grep -o '"sha" *: *"[0-9a-f]\{40\}"' | sed -n '1s/.*"\([^"]*\)"$/\1/p')
    else
        to=$(printf '%s\n' "$said" | grep -o '"tag_name" *: *"[^"\\]*"' | sed -n '1s/.*"\([^"]*\)"$/\1/p')
    fi
    [ -n "$to" ] || trouble 'GitHub answers without what was asked for'
    # Images are often called 1.2 where the release is called v1.2.
    case ${VERSION_ENV:+image}:$is:$to in
    image:[0-9]*:v[0-9]*) to=${to#v} ;;
    esac
    ;;
previous)
    note=$(before)
    [ -n "$note" ] || trouble 'what ran before is not known here: it was not deployed by jurymast'
    to=$(sed -n 's/^version //p' "$note")
    ;;
*) to=$WANTED ;;
esac
named "$to" || trouble "$to cannot be the name of a version"
printf '@wanted %s\n' "$to"
if there "$to"; then
    echo '@there yes'
    exit 0
fi
if [ -n "$note" ]; then
    gone=$(noted "$note" | while read -r _ ref id _ digest; do
        [ "$digest" != - ] || is_here "$id" >/dev/null || printf '%s %s\n' "$ref" "$id"
    done)
    [ -z "$gone" ] || trouble "these images are gone, and no registry is known that has them: $gone"
    printf '@note %s\n' "${note##*/}"
    echo '@way by the images that ran then'
fi
if [ -z "$VERSION_ENV" ]; then
    own=$(in_git status --porcelain --untracked-files=no) || trouble "git status failed in $DIR"
    [ -z "$own" ] || trouble "$DIR has changes of its own: $own"
    if in_git rev-parse -q --verify "$to^{commit}" >/dev/null; then
        {
            in_git log --no-decorate --format='+ %h %s' "HEAD..$to"
            in_git log --no-decorate --format='- %h %s' "$to..HEAD"
        } | awk '{ printf "@change-%d %s\n", NR, $0 }'
    else
        in_git ls-remote -q origin | awk -v v="$to" '$1 == v || $2 == "refs/tags/" v { found = 1 } END { exit !found }' || trouble "there is no $to in $DIR, nor where it came from"
    fi
    [ -n "$note" ] || echo '@way by its checkout, built where it says so'
else
    old=$(images "$is") || trouble "docker compose config failed in $DIR"
    new=$(images "$to") || trouble "docker compose config failed in $DIR"
    changes=$(printf '%s\n=\n%s\n' "$old" "$new" | awk '$1 == "=" { second = 1; next } !second { was[$1] = $2; next } was[$1] != $2 { print $1, was[$1], $2 }')
    [ -n "$changes" ] || [ "$is" = "$to" ] || trouble "$VERSION_ENV changes no image of the project $PROJECT"
    printf '%s\n' "$changes" | awk 'NF { printf "@change-%d %s: %s becomes %s\n", NR, $1, $2, $3 }'
    if [ -z "$note" ]; then
        echo '@way by pulling what is not here'
        # What is here need not be had, and what is not has to be there to be had.
        # The engine may speak to a registry without TLS; the client has to be told so.
        plain=$(docker info --format '{{range .RegistryConfig.IndexConfigs}}{{if not .Secure}}{{println .Name}}{{end}}{{end}}' 2>/dev/null </dev/null)
        lacks=$(printf '%s\n' "$changes" | awk 'NF { print $3 }' | sort -u | while read -r ref; do
            case $ref in
            localhost:*/* | 127.*:*/*) tls=--insecure ;;
            */*) tls=$(printf '%s\n' "$plain" | grep -qxF -e "${ref%%/*}" && echo --insecure) ;;
            *) tls= ;;
            esac
            # shellcheck disable=SC2086 # a flag or nothing
            is_here "$ref" >/dev/null || why=$(docker manifest inspect $tls "$ref" 2>&1 >/dev/null </dev/null) || printf '%s is not to be had: %s\n' "$ref" "$(printf '%s' "$why" | tail -n 1)"
        done)
        [ -z "$lacks" ] || trouble "$lacks"
    fi
fi
if [ -z "$note" ]; then
    running | while read -r _ _ id _; do printf '%s\n' "$id"; done | sort -u | while read -r id; do
        docker image inspect --format '{{.Size}}' "$id" 2>/dev/null </dev/null
    done | awk '{ n += $1 } END { if (NR) printf "@bytes %.0f\n", n }'
    df -Pk "$(docker info --format '{{.DockerRootDir}}' 2>/dev/null </dev/null)" 2>/dev/null | awk 'NR == 2 { printf "@free %.0f\n", $4 * 1024 }'
fi

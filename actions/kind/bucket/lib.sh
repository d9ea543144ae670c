# How a bucket is asked, by the client aws. Inputs: CACERT (file, or empty).
# Secrets: ACCESS_KEY and SECRET_KEY, and those of the mirror, by the client's
# environment; without them it takes its own configuration.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
AWS_PAGER=''
AWS_CLI_AUTO_PROMPT=off
AWS_EC2_METADATA_DISABLED=true
AWS_MAX_ATTEMPTS=2
AWS_REQUEST_CHECKSUM_CALCULATION=when_required
PATH=$PATH:/usr/local/bin
export LC_ALL AWS_PAGER AWS_CLI_AUTO_PROMPT AWS_EC2_METADATA_DISABLED AWS_MAX_ATTEMPTS AWS_REQUEST_CHECKSUM_CALCULATION PATH
if [ -z "${HOME-}" ]; then
    HOME=/
    export HOME
fi
if ! command -v aws >/dev/null; then
    echo missing
    exit 0
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/jurymast.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# s3 asks for LIMIT seconds at most: where (ENDPOINT or nothing), REGION, and the
# words of the question.
s3() {
    endpoint=$1 region=$2
    shift 2
    set -- "$@" --cli-connect-timeout 8 --cli-read-timeout 20
    [ -z "$endpoint" ] || set -- "$@" --endpoint-url "$endpoint"
    [ -z "$region" ] || set -- "$@" --region "$region"
    [ -z "$CACERT" ] || set -- "$@" --ca-bundle "$CACERT"
    timeout "$LIMIT" aws s3api "$@" </dev/null
}

# complaint prints what the client said was wrong, in one line.
complaint() { tr '\n' ' ' <"$tmp/err" | sed 's/^ *//; s/ *$//' && echo; }

# keyed has the client use a key, where there is one, and nothing of what it is
# configured to: ENDPOINT or nothing, the key's id, the key. Stores but Amazon's
# have seldom a name for each bucket; that it is a part of the path can be told
# by a configuration alone.
keyed() {
    [ -n "$2" ] || return 0
    AWS_CONFIG_FILE=/dev/null
    if [ -n "$1" ]; then
        AWS_CONFIG_FILE=$tmp/config
        printf '[default]\ns3 =\n    addressing_style = path\n' >"$AWS_CONFIG_FILE"
    fi
    AWS_SHARED_CREDENTIALS_FILE=/dev/null
    AWS_ACCESS_KEY_ID=$2
    AWS_SECRET_ACCESS_KEY=$3
    unset AWS_PROFILE AWS_SESSION_TOKEN
    export AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
}

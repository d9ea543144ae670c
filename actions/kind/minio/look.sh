# Asks a MinIO server how it is: its health, which needs no key, and with a key
# what its drives do. Inputs: URL, CACERT (file, or empty), ADMIN (yes when there
# is a key). Secrets: ACCESS_KEY, SECRET_KEY.
# shellcheck shell=sh disable=SC2154

if ! command -v curl >/dev/null; then
    echo 'missing curl'
    exit 0
fi
url=${URL%/}

# health asks one address. A health check of MinIO answers with a code and headers,
# and has a body only where it complains. It takes 10 s to say that drives do not
# answer. What does not answer at all is asked once.
gone=
health() {
    printf '== %s\n' "$1"
    if [ -z "$gone" ]; then
        set -- -sS -m 12 --noproxy '*' -o /dev/null -D - -w 'code %{http_code} body %{size_download}\n' "$url/minio/health/$2"
        [ -z "$CACERT" ] || set -- --cacert "$CACERT" "$@"
        said=$(curl "$@" 2>&1 </dev/null | tr -d '\r' | sed 's/ after [0-9]* m[a-z]*//' | grep -iE '^(code |server: |x-minio-|curl: )')
        case $said in *'code 000 '*) gone=$said ;; esac
    fi
    printf '%s\n' "$said"
}
health live live
health ready ready
health write cluster
health read cluster/read
if [ "$ADMIN" = yes ]; then
    echo '== admin'
    client=
    for name in mcli mc; do
        # Another mc manages files. One that was built from its source has no release.
        if command -v "$name" >/dev/null && "$name" --version </dev/null 2>/dev/null | grep -qiE 'RELEASE|MinIO'; then
            client=$name
            break
        fi
    done
    if [ -z "$client" ]; then
        echo missing
    elif [ -n "$gone" ]; then
        echo gone
    elif case $ACCESS_KEY$SECRET_KEY in *:*) true ;; *) false ;; esac; then
        echo colon
    else
        MC_CONFIG_DIR=$(mktemp -d "${TMPDIR:-/tmp}/jurymast.XXXXXX") || exit 1
        trap 'rm -rf "$MC_CONFIG_DIR"' EXIT
        trap 'exit 129' HUP
        trap 'exit 130' INT
        trap 'exit 143' TERM
        [ -z "$CACERT" ] || { mkdir -p "$MC_CONFIG_DIR/certs/CAs" && cp "$CACERT" "$MC_CONFIG_DIR/certs/CAs/"; }
        MC_HOST_jurymast=${url%%://*}://$ACCESS_KEY:$SECRET_KEY@${url#*://}
        export MC_CONFIG_DIR MC_HOST_jurymast
        if command -v timeout >/dev/null; then
            timeout 20 "$client" --json admin info jurymast 2>&1 </dev/null
        else
            "$client" --json admin info jurymast 2>&1 </dev/null
        fi
        printf '\nexit %s\n' "$?"
    fi
fi
echo '== end'

# Says what Hetzner Cloud knows of a server and of its project's images, in parts "== NAME" that end with the exit code. Inputs: SERVER (name
# or id); HCLOUD_TOKEN is a secret, without which the client's own configuration
# is used.
# shellcheck shell=sh disable=SC2154

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/bin
if ! command -v hcloud >/dev/null; then
    echo missing
    exit 0
fi
[ -z "${HCLOUD_TOKEN-}" ] || export HCLOUD_TOKEN
if [ -z "${HOME-}" ]; then
    HOME=/
    export HOME
fi

ask() {
    printf '== %s\n' "$1"
    shift
    timeout 12 hcloud "$@" -o json 2>&1 </dev/null
    printf '\nexit %s\n' "$?"
}
ask server server describe "$SERVER"
ask snapshots image list --type snapshot
ask backups image list --type backup
echo '== end'

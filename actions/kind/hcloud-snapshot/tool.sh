# Says that the client is missing; ahead of hcloud/lib.sh in a survey.
# shellcheck shell=sh
if ! command -v hcloud >/dev/null; then
    echo '@missing hcloud (apt install hcloud-cli)'
    exit 0
fi

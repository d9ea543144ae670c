# What is common to keeping a cloud server off. Inputs: SERVER, WAIT (seconds);
# HCLOUD_TOKEN is a secret.
# shellcheck shell=sh disable=SC2034,SC2154
command -v hcloud >/dev/null || die 'hcloud is not there (apt install hcloud-cli)'
[ -z "${HCLOUD_TOKEN-}" ] || export HCLOUD_TOKEN
status() {
    said=$(timeout 60 hcloud server describe "$SERVER" -o format='{{.Status}}' 2>&1) || die "$said"
    printf '%s\n' "$said" | tail -n 1
}

# Whether the server can be asked about.
# shellcheck shell=sh
is=$(status) || exit 1
echo "@server $is"

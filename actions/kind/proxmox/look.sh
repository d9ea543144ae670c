# Says what a node knows of its cluster and of every guest in it.
# shellcheck shell=sh
printf '== version 0\n%s\n' "$(dpkg-query -W -f '${Version}' pve-manager 2>/dev/null)"
ask cluster 20 pvesh get /cluster/status --output-format json
ask resources 20 pvesh get /cluster/resources --output-format json
# A line that ends with a bracket begins a snapshot's part of a guest's file.
ask settings 20 grep -rs -e ']$' -e ^onboot -e ^snaptime "${JURYMAST_ROOT-}/etc/pve/nodes"
echo '== end'

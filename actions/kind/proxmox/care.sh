# Says what a node knows of its storages, its replication and its tasks.
# shellcheck shell=sh
# A storage that hangs holds back this one answer.
ask storage 40 pvesh get /nodes/localhost/storage --output-format json
ask replication 20 pvesh get /nodes/localhost/replication --output-format json
ask dumps 20 pvesh get /nodes/localhost/tasks --typefilter vzdump --limit 50 --output-format json
ask failed 20 pvesh get /nodes/localhost/tasks --errors 1 --limit 50 --output-format json
ask uncovered 20 pvesh get /cluster/backup-info/not-backed-up --output-format json
# Which guests are here: of those of other nodes nothing was said.
ask here 20 ls "${JURYMAST_ROOT-}/etc/pve/qemu-server" "${JURYMAST_ROOT-}/etc/pve/lxc"
echo '== end'

#!/usr/bin/env bash
# Compares how jurymast reaches many hosts with what else does: clush, pdsh,
# xargs ssh with and without ControlMaster, ansible raw. A real sshd on the
# loopback of a network namespace of its own, so that nothing leaves it; the
# same probe everywhere; clients interleaved, medians of rounds.
#
#   bash testdata/bench/peers.sh [-n "50 200"] [-r ROUNDS]
#
# Needs root, Go, and Debian's openssh-server clustershell pdsh ansible-core.
set -euo pipefail

hosts="50 200" rounds=3
while getopts n:r: o; do
	case $o in
	n) hosts=$OPTARG ;;
	r) rounds=$OPTARG ;;
	*) exit 64 ;;
	esac
done
for tool in clush pdsh ansible ssh go unshare; do
	command -v "$tool" >/dev/null || { echo "peers.sh: $tool is not there" >&2; exit 69; }
done
[ "$(id -u)" = 0 ] || { echo "peers.sh: a network namespace needs root" >&2; exit 77; }

here=$(cd "$(dirname "$0")" && pwd)
if [ "${PEERS_INSIDE-}" != 1 ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	(cd "$here/../.." && go build -o "$dir/peers" ./testdata/bench/peers)
	PEERS_INSIDE=1 PEERS_DIR=$dir unshare -n -m bash "$0" -n "$hosts" -r "$rounds"
	exit
fi

dir=$PEERS_DIR
ip link set lo up
# What this login's start-up files do is not what is measured, and can take
# longer than all the rest.
for f in .bashrc .bash_profile .profile; do
	[ ! -e "$HOME/$f" ] || mount --bind /dev/null "$HOME/$f"
done
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
ssh-keygen -q -t ed25519 -N '' -f "$dir/id"
cp "$dir/id.pub" "$dir/authorized"
cat >"$dir/sshd_config" <<CONF
HostKey $dir/host
AuthorizedKeysFile $dir/authorized
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM no
MaxStartups 2000
MaxSessions 10
PidFile none
LogLevel ERROR
CONF
/usr/sbin/sshd -D -e -f "$dir/sshd_config" 2>"$dir/sshd.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
	(exec 3<>/dev/tcp/127.0.0.1/22) 2>/dev/null && break
	sleep 0.05
done

"$dir/peers" -dir "$dir" -probe "$here/probe.sh" -hosts "$hosts" -rounds "$rounds"

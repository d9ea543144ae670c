#!/bin/sh
# Makes a Debian a machine of the fleet. $1 is its root.
set -eu
root=$1

# Nothing of these works in a container, or it would touch the host: udev would
# start uevents there, and the timers would go for the network.
for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
	systemd-networkd.service systemd-networkd-wait-online.service systemd-remount-fs.service e2scrub_reap.service \
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer exim4-base.timer \
	console-getty.service getty@tty1.service run-rpc_pipefs.mount mdmonitor.service lvm2-monitor.service smartmontools.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# Services are there and wait for a test to start them.
for unit in postgresql redis-server smbd nmbd samba-ad-dc haproxy nginx mariadb docker docker-registry containerd nfs-server nfs-kernel-server rpcbind caddy bacula-director bacula-sd bacula-fd exim4; do
	chroot "$root" systemctl disable --quiet "$unit" 2>/dev/null || :
done
rm -f "$root"/etc/systemd/system/sockets.target.wants/docker.socket
chroot "$root" pg_dropcluster 15 main 2>/dev/null || :

# One host key a machine, written by the bed; a login answers at once.
rm -f "$root"/etc/ssh/ssh_host_*
cat >"$root/etc/ssh/sshd_config.d/fleet.conf" <<'EOF'
HostKey /etc/ssh/ssh_host_ed25519_key
UseDNS no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
EOF

# The people of the fleet: one who may do everything without a password, one
# who may nothing, one whose shell is csh.
for user in ops plain csh; do
	shell=/bin/bash
	[ "$user" != csh ] || shell=/bin/tcsh
	chroot "$root" useradd -m -s "$shell" "$user"
	chroot "$root" usermod -p '*' "$user"
	mkdir -p "$root/home/$user/.ssh"
	chroot "$root" chown -R "$user:$user" "/home/$user"
	chmod 700 "$root/home/$user/.ssh"
done
mkdir -p "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
echo 'ops ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/ops"
chmod 440 "$root/etc/sudoers.d/ops"

# Without a resolver, what asks for names would wait for one.
: >"$root/etc/resolv.conf"
: >"$root/etc/fstab"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

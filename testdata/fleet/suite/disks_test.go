//go:build linux && fleet

package suite

import (
	"testing"
	"time"

	"jurymast/actions/kind"
	"jurymast/testdata/fleet/bed"
)

// rights leaves the login of a machine nothing to do as root but what a kind's
// own rule says; with "" nothing at all.
func (f *fleet) rights(host, kindName string) {
	f.t.Helper()
	rule := "# nothing\n"
	if k, ok := kind.Lookup(kindName); ok {
		for _, s := range k.Sudoers {
			rule += "ops ALL=(root) NOPASSWD: " + s + "\n"
		}
	} else if kindName != "" {
		f.t.Fatalf("no kind %s", kindName)
	}
	f.on(host, "cat >/etc/sudoers.d/ops <<'EOF'\n"+rule+"EOF\nvisudo -cq")
}

// TestLookArrays breaks arrays in the ways that kind mdadm tells apart.
func TestLookArrays(t *testing.T) {
	beside(t, heavy, 210*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}, Machine: "vm"}, `
node.vm: kind = "mdadm"
`)
	const version = "mdadm --version 2>&1"
	all := []string{"arrays", "checked", "monitor"}
	f.finds("vm", "arrays", "", "fail", "there is no array")
	f.on("vm", `mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --spare-devices=1 --assume-clean /dev/vdb /dev/vdc /dev/vdd 2>&1
mdadm --create /dev/md/data --run --level=5 --raid-devices=3 --assume-clean /dev/vde /dev/vdf /dev/vdg 2>&1
mdadm --detail --scan >>/etc/mdadm/mdadm.conf
rm -f /usr/lib/sendmail /usr/sbin/sendmail; printf '#!/bin/sh\ncat >>/root/mails\n' >/usr/sbin/sendmail; chmod +x /usr/sbin/sendmail
mdadm --monitor --scan --daemonise --pid-file /run/monitor.pid`)
	f.rights("vm", "mdadm")
	f.finds("vm", "arrays", "md0", "ok", "raid1, all 2 members; 1 spare")
	f.finds("vm", "arrays", "md127", "ok", "raid5, all 3 members")
	f.finds("vm", "checked", "md0", "ok", "not checked yet")
	f.finds("vm", "monitor", "", "ok", "mails root")
	const check = "for a in md0 md127; do echo check >/sys/block/$a/md/sync_action; mdadm --wait /dev/$a || :; done"
	f.on("vm", check)
	f.finds("vm", "checked", "md127", "ok", "checked", "ago")
	f.record("mdadm", "vm", "well", version, all)

	f.part("it is being checked", func(f *fleet) {
		f.on("vm", "echo 500 >/proc/sys/dev/raid/speed_limit_max; echo check >/sys/block/md127/md/sync_action")
		f.finds("vm", "arrays", "md127", "ok", "check", "KiB/s")
		f.finds("vm", "checked", "md127", "ok", "is being checked")
		f.record("mdadm", "vm", "checking", version, all)
		f.on("vm", "echo idle >/sys/block/md127/md/sync_action; echo 200000 >/proc/sys/dev/raid/speed_limit_max")
		f.finds("vm", "checked", "md127", "ok", "broken off")
	})
	f.part("the members differ", func(f *fleet) {
		f.on("vm", "dd if=/dev/urandom of=/dev/vdc bs=1M seek=100 count=1 conv=notrunc,fsync 2>/dev/null; "+check)
		f.finds("vm", "arrays", "md0", "warn", "sectors differed")
		f.record("mdadm", "vm", "mismatch", version, all)
		f.on("vm", "echo repair >/sys/block/md0/md/sync_action; mdadm --wait /dev/md0 || :; "+check)
		f.finds("vm", "arrays", "md0", "ok")
	})
	f.part("a member fails, and the spare comes in", func(f *fleet) {
		f.on("vm", "echo 500 >/proc/sys/dev/raid/speed_limit_max; mdadm /dev/md0 --fail /dev/vdc 2>&1")
		f.finds("vm", "arrays", "md0", "fail", "raid1 degraded: 1 of 2 members; failed: /dev/vdc; recover")
		f.record("mdadm", "vm", "rebuilding", version, all)
		f.on("vm", "echo 200000 >/proc/sys/dev/raid/speed_limit_max; mdadm --wait /dev/md0 || :")
		f.finds("vm", "arrays", "md0", "warn", "all 2 members; failed: /dev/vdc")
		f.on("vm", "mdadm /dev/md0 --remove /dev/vdc 2>&1; mdadm --zero-superblock /dev/vdc; mdadm /dev/md0 --add /dev/vdc 2>&1")
		f.finds("vm", "arrays", "md0", "ok", "1 spare")
	})
	f.part("a member fails, and then another", func(f *fleet) {
		f.on("vm", "mdadm /dev/md127 --fail /dev/vde --remove /dev/vde 2>&1")
		f.finds("vm", "arrays", "md127", "fail", "raid5 degraded: 2 of 3 members")
		f.record("mdadm", "vm", "degraded", version, all)
		f.on("vm", "mdadm /dev/md127 --fail /dev/vdf 2>&1 || :")
		f.finds("vm", "arrays", "md127", "fail", "raid5 failed: 1 of 3 members; failed: /dev/vdf")
		f.record("mdadm", "vm", "failed", version, all)
		f.on("vm", `mdadm --stop /dev/md127 2>&1; mdadm --assemble --force --run /dev/md127 /dev/vdf /dev/vdg 2>&1
mdadm --zero-superblock /dev/vde; mdadm /dev/md127 --add /dev/vde 2>&1; mdadm --wait /dev/md127 || :`)
		f.finds("vm", "arrays", "md127", "ok", "all 3 members")
	})
	f.part("an array is not assembled", func(f *fleet) {
		f.on("vm", "mdadm --stop /dev/md127 2>&1")
		f.finds("vm", "arrays", "md/data", "fail", "in mdadm.conf, and not assembled")
		f.record("mdadm", "vm", "not-assembled", version, all)
		f.on("vm", "mdadm --assemble --scan 2>&1 || :")
		f.finds("vm", "arrays", "md127", "ok")
	})
	f.part("nobody watches", func(f *fleet) {
		f.on("vm", "mv /usr/sbin/sendmail /root/")
		f.finds("vm", "monitor", "", "warn", "no sendmail")
		f.on("vm", "kill $(cat /run/monitor.pid)")
		f.finds("vm", "monitor", "", "warn", "no mdadm --monitor runs")
		f.record("mdadm", "vm", "unwatched", version, all)
		f.on("vm", "mv /root/sendmail /usr/sbin/; mdadm --monitor --scan --daemonise --pid-file /run/monitor.pid")
		f.finds("vm", "monitor", "", "ok")
	})
	f.part("it may not be asked", func(f *fleet) {
		f.rights("vm", "")
		f.finds("vm", "arrays", "md0", "unknown", "mdadm may not be asked")
		f.record("mdadm", "vm", "no-right", version, all)
		// The spare comes in at once: slow enough to be seen.
		f.on("vm", "echo 500 >/proc/sys/dev/raid/speed_limit_max; mdadm /dev/md0 --fail /dev/vdb 2>&1")
		f.finds("vm", "arrays", "md0", "fail", "degraded")
		for _, r := range f.look("vm") {
			if r.Status == "ok" && (r.Check == "arrays" || r.Check == "checked") {
				t.Errorf("without a right: %s", r)
			}
		}
	})
}

// TestLookBtrfs breaks a btrfs on two devices, and one on a single device.
func TestLookBtrfs(t *testing.T) {
	beside(t, heavy, 190*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}, Machine: "vm"}, `
node.vm: kind = "btrfs"
`)
	const version = "btrfs --version; uname -r"
	all := []string{"devices", "room", "scrub"}
	f.on("vm", `modprobe btrfs; mkfs.btrfs -q -f -m raid1 -d raid1 /dev/vdb /dev/vdc; mount /dev/vdb /srv
dd if=/dev/urandom of=/srv/x bs=1M count=40 2>/dev/null; sync`)
	f.rights("vm", "btrfs")
	f.finds("vm", "devices", "/srv", "ok", "2 devices")
	f.finds("vm", "room", "/srv", "ok", "can still be given out")
	f.finds("vm", "scrub", "/srv", "warn", "never scrubbed")
	f.on("vm", "btrfs scrub start -B /srv")
	f.well("vm")

	f.part("one of two copies is damaged", func(f *fleet) {
		f.on("vm", "dd if=/dev/urandom of=/dev/vdc bs=1M seek=20 count=200 conv=notrunc,fsync 2>/dev/null; echo 3 >/proc/sys/vm/drop_caches; btrfs scrub start -B /srv || :")
		f.finds("vm", "scrub", "/srv", "warn", "it mended")
		f.finds("vm", "devices", "/srv", "fail", "errors: /dev/vdc corruption", "of them in the last")
		// It is well again once a scrub finds nothing. The next one after one that
		// mended has been seen to mend once more.
		f.on("vm", `n=0
while btrfs scrub start -B /srv >/dev/null; btrfs scrub status -R /srv | grep -E '(read|csum|verify|super)_errors: [1-9]'; do n=$((n+1)); [ $n -lt 4 ] || exit 1; done
btrfs device stats -z /srv`)
		f.well("vm")
	})
	f.part("a device is missing", func(f *fleet) {
		f.on("vm", "umount /srv; wipefs -qa /dev/vdc; btrfs device scan --forget; mount -o degraded /dev/vdb /srv; dd if=/dev/urandom of=/srv/y bs=1M count=20 2>/dev/null; sync")
		f.finds("vm", "devices", "/srv", "fail", "a device is missing")
		f.finds("vm", "room", "/srv", "warn", "several profiles")
		f.record("btrfs", "vm", "missing", version, all)
		f.on("vm", `btrfs replace start -f -B 2 /dev/vdd /srv && sync && btrfs balance start --enqueue -dusage=0 -musage=0 /srv &&
btrfs balance start --enqueue -dconvert=raid1,soft -mconvert=raid1,soft /srv && btrfs scrub start -B /srv || { btrfs filesystem usage /srv; dmesg | tail -n 5; exit 1; }`)
		f.well("vm")
	})
	f.part("it is full", func(f *fleet) {
		f.on("vm", "n=0; while fallocate -l 10M /srv/z$n 2>/dev/null; do n=$((n+1)); done; [ $n -gt 0 ]; sync")
		f.finds("vm", "room", "/srv", "warn", "limit 5 %")
		f.on("vm", "rm /srv/z*; sync; btrfs balance start -dusage=0 /srv")
		f.finds("vm", "room", "/srv", "ok")
	})
	f.part("it may not be asked", func(f *fleet) {
		f.rights("vm", "")
		for _, id := range all {
			f.finds("vm", id, "/srv", "unknown", "a password is required")
		}
		f.rights("vm", "btrfs")
		f.well("vm")
	})
	f.part("what there is one copy of is lost", func(f *fleet) {
		f.on("vm", `umount /srv; mkfs.btrfs -q -f -m single -d single /dev/vde; mount /dev/vde /srv; dd if=/dev/urandom of=/srv/x bs=1M count=60 2>/dev/null; sync
dd if=/dev/urandom of=/dev/vde bs=1M seek=20 count=30 conv=notrunc,fsync 2>/dev/null; echo 3 >/proc/sys/vm/drop_caches; btrfs scrub start -B /srv || :`)
		f.finds("vm", "scrub", "/srv", "fail", "could not be mended")
		f.record("btrfs", "vm", "lost", version, all)
		f.on("vm", "umount /srv")
		f.finds("vm", "devices", "", "fail", "no btrfs is mounted")
	})
}

// TestLookLVM fills pools and snapshots, and takes a drive away.
func TestLookLVM(t *testing.T) {
	beside(t, heavy, 150*time.Second)
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}, Machine: "vm"}, `
node.vm: kind = "lvm"
`)
	f.on("vm", `pvcreate -q -y /dev/vdb /dev/vdc 2>&1; vgcreate -q vg0 /dev/vdb /dev/vdc 2>&1
lvcreate -q -y -n root -L 60M vg0 2>&1; lvcreate -q -y -T -L 60M -V 100M -n thin vg0/pool 2>&1; lvcreate -q -y -s -n snap -L 40M vg0/root 2>&1; lvcreate -q -y -n far -L 20M vg0 /dev/vdc 2>&1
mkfs.ext4 -q -E nodiscard /dev/vg0/thin; mount /dev/vg0/thin /srv`)
	f.rights("vm", "lvm")
	f.well("vm")
	f.part("a pool fills up", func(f *fleet) {
		f.on("vm", "dd if=/dev/urandom of=/srv/x bs=1M count=45 2>/dev/null; sync")
		f.finds("vm", "volumes", "vg0/pool", "warn", "thin pool, data", "limit 80 %")
		f.on("vm", "lvextend -q -L +100M vg0/pool 2>&1")
		f.finds("vm", "volumes", "vg0/pool", "ok")
	})
	f.part("nobody monitors it", func(f *fleet) {
		f.on("vm", "lvchange --monitor n vg0/pool 2>&1")
		f.finds("vm", "volumes", "vg0/pool", "warn", "dmeventd does not monitor it")
		f.on("vm", "lvchange --monitor y vg0/pool 2>&1")
		f.finds("vm", "volumes", "vg0/pool", "ok")
	})
	f.part("a snapshot overflows", func(f *fleet) {
		f.on("vm", "dd if=/dev/urandom of=/dev/vg0/root bs=1M count=26 oflag=direct 2>/dev/null")
		f.finds("vm", "volumes", "vg0/snap", "warn", "snapshot of root", "limit 50 %")
		f.on("vm", "dd if=/dev/urandom of=/dev/vg0/root bs=1M count=58 oflag=direct 2>/dev/null")
		f.finds("vm", "volumes", "vg0/snap", "fail", "overflowed and is lost")
		f.on("vm", "lvremove -q -y vg0/snap 2>&1")
		f.well("vm")
	})
	f.part("it may not be asked", func(f *fleet) {
		f.rights("vm", "")
		f.finds("vm", "groups", "vg0", "unknown", "a password is required")
		f.rights("vm", "lvm")
		f.well("vm")
	})
	f.part("a drive is missing", func(f *fleet) {
		f.on("vm", "umount /srv; vgchange -q -an vg0 2>&1; dd if=/dev/vdc of=/root/label bs=1M count=2 2>/dev/null; wipefs -qa /dev/vdc; pvscan --cache 2>&1")
		f.finds("vm", "groups", "vg0", "fail", "1 of its drives missing")
		f.finds("vm", "volumes", "vg0/far", "fail", "a drive that it lies on is missing")
		f.on("vm", "dd if=/root/label of=/dev/vdc bs=1M conv=notrunc,fsync 2>/dev/null; pvscan --cache 2>&1; vgchange -q -ay vg0 2>&1")
		f.well("vm")
	})
}

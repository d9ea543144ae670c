//go:build linux && fleet

package suite

import (
	"flag"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"testing"
	"time"

	"jurymast/testdata/fleet/bed"
)

// volumes has what is copied from snapshots, and sent from volume to volume, tried
// as well: its machines are made of software, and take as long as all other tests.
var volumes = flag.Bool("volumes", false, "also copy from snapshots and send subvolumes: twenty minutes more")

// ofVolumes is beside for a test of them.
func ofVolumes(t *testing.T) {
	t.Helper()
	if !*volumes {
		t.Skip("run with -args -volumes")
	}
	beside(t, heavy, 10*time.Minute)
}

// inTurn is a program that writes a number to two files for ever, the second
// only once the first is on its disk: at no instant is the second ahead, and
// never is it more than one behind.
const inTurn = `import os, sys
fs = [os.open(sys.argv[1] + "/" + n, os.O_RDWR | os.O_CREAT, 0o644) for n in ("a", "z")]
n = 0
while True:
    n += 1
    for f in fs:
        os.pwrite(f, b"%012d\n" % n, 0)
        os.fsync(f)
`

// slowTar is a tar that has /run/meanwhile done, where that is there, ahead of
// making an archive.
const slowTar = `#!/bin/sh
case " $* " in
*" -c "*) [ ! -e /run/meanwhile ] || sh /run/meanwhile </dev/null >/dev/null 2>&1 ;;
esac
exec /usr/bin/tar "$@"
`

// snapshotsLeft prints whatever a copy from a snapshot could leave.
const snapshotsLeft = `lvs --noheadings -o vg_name,lv_name 2>/dev/null | grep jurymast
ls -A /mnt/top | grep jurymast
grep -l /var/lib/jurymast/snapshot /proc/[0-9]*/mountinfo 2>/dev/null
ls -A /var/lib/jurymast/watch 2>/dev/null
:`

// snapshotFleet is a machine with a share on each sort of volume.
func snapshotFleet(t *testing.T) *fleet {
	t.Helper()
	share := func(name, sort, more string) string {
		return fmt.Sprintf("[share.%s]\nkind = \"files\"\nclass = \"user\"\non = \"vm\"\npath = \"/srv/%s/data\"\nsnapshot = %q\n%s\n[backup.%s]\nof = %q\nto = [\"folder\"]\nrpo = \"24h\"\n", name, name, sort, more, name, name)
	}
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}, Machine: "vm"}, `
[repository.folder]
kind = "directory"
on = "vm"
path = "/opt/copies"
`, share("ext", "lvm", "snapshot_room = 20"), share("thin", "lvm", ""), share("btr", "btrfs", ""))
	f.on("vm", `modprobe btrfs; modprobe xfs; modprobe dm_snapshot 2>/dev/null; modprobe dm_thin_pool 2>/dev/null
pvcreate -q -y /dev/vdb /dev/vdc 2>&1; vgcreate -q vg0 /dev/vdb /dev/vdc 2>&1
lvcreate -q -y -n ext -L 100M vg0 2>&1; lvcreate -q -y -T -L 200M -V 320M -n thin vg0/pool 2>&1
mkfs.ext4 -q /dev/vg0/ext; mkfs.xfs -q /dev/vg0/thin; mkfs.btrfs -q -f /dev/vdd
mkdir -p /srv/ext /srv/thin /srv/btr /mnt/top /opt/copies
mount /dev/vg0/ext /srv/ext; mount /dev/vg0/thin /srv/thin; mount /dev/vdd /mnt/top
btrfs subvolume create /mnt/top/home >/dev/null; mount -o subvol=home /dev/vdd /srv/btr
for n in ext thin btr; do
	mkdir -p /srv/$n/data/m && dd if=/dev/urandom of=/srv/$n/data/m/bulk bs=1M count=4 2>/dev/null
done
cat >/root/inturn.py <<'EOF'
`+inTurn+`EOF
cat >/usr/local/bin/tar <<'EOF'
`+slowTar+`EOF
chmod +x /usr/local/bin/tar`)
	return f
}

// nothingLeft holds that no copy has left a snapshot, a mount or a watchdog.
func (f *fleet) nothingLeft() {
	f.t.Helper()
	if left := f.on("vm", snapshotsLeft); strings.TrimSpace(left) != "" {
		f.t.Errorf("left behind:\n%s", left)
	}
}

// TestCopySnapshot copies files that are written meanwhile from snapshots: of LVM
// with ext4, of a thin volume with xfs, and of btrfs. What was copied is of one
// instant, a snapshot that overflows makes no copy, and nothing is left.
func TestCopySnapshot(t *testing.T) {
	ofVolumes(t)
	f := snapshotFleet(t)
	writes := func(f *fleet, name string) {
		f.on("vm", "systemd-run --quiet --collect --unit=writer python3 /root/inturn.py /srv/"+name+"/data; until [ -s /srv/"+name+"/data/z ]; do sleep 0.1; done")
	}
	rests := func(f *fleet) { f.on("vm", "systemctl stop writer") }
	number := func(f *fleet, text string) int {
		f.t.Helper()
		n, err := strconv.Atoi(strings.TrimLeft(strings.TrimSpace(text), "0"))
		if err != nil {
			f.t.Fatalf("no number: %q", text)
		}
		return n
	}
	// newest prints what the newest copy of a share has of a file.
	newest := func(f *fleet, name, file string) int {
		f.t.Helper()
		out := f.on("vm", fmt.Sprintf(`p=$(find /opt/copies -type f -path '*%s*' -name '*.tar*' ! -name '*.sha256' ! -name '*.sum' -printf '%%T@ %%p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
case $p in *.zst) zstd -dcq "$p" ;; *.gz) gzip -dc "$p" ;; *) cat "$p" ;; esac | /usr/bin/tar -xOf - ./srv/%s/data/%s`, name, name, file))
		return number(f, out)
	}

	for _, name := range []string{"ext", "thin", "btr"} {
		f.part("one instant of "+name, func(f *fleet) {
			writes(f, name)
			defer rests(f)
			// The copying sees the snapshot at the files' own path; the first process
			// of the machine sees what is there by then.
			f.on("vm", "echo 'sleep 2; cat /proc/1/root/srv/"+name+"/data/z >/run/then' >/run/meanwhile")
			for range 2 {
				f.ok("backup", "run", name)
				a, z := newest(f, name, "a"), newest(f, name, "z")
				if z > a || a > z+1 {
					f.t.Errorf("the copy is of no instant: %d and %d", a, z)
				}
				if then := number(f, f.on("vm", "cat /run/then")); then <= z {
					f.t.Errorf("it has %d, and %d was written before it was read", z, then)
				}
				f.nothingLeft()
			}
			f.on("vm", "rm /run/meanwhile")
		})
	}
	f.part("restores", func(f *fleet) {
		for _, name := range []string{"ext", "btr"} {
			f.ok("backup", "drill", name, "--yes")
			f.on("vm", "rm -r /srv/"+name+"/data/m")
			f.ok("run", "restore", name, "--confirm", name)
			f.on("vm", "test -s /srv/"+name+"/data/m/bulk; rm -rf /srv/"+name+"/data/.jurymast-*")
		}
	})
	f.part("one was left", func(f *fleet) {
		old := fmt.Sprintf("jurymast.ext_%08x.old", crc32.ChecksumIEEE([]byte("share/ext")))
		f.on("vm", "lvcreate -q -y -s -l 1 -n "+old+" vg0/ext 2>&1")
		if o := f.jm("plan", "backup", "ext"); !strings.Contains(o.out, "vg0/"+old) {
			f.t.Errorf("the plan does not name it: %s", o)
		}
		f.ok("backup", "run", "ext")
		f.nothingLeft()
	})
	f.part("it overflows", func(f *fleet) {
		f.on("vm", "echo 'dd if=/dev/urandom of=/srv/ext/fill bs=1M count=60 conv=fsync; rm /srv/ext/fill' >/run/meanwhile; rm -f /srv/ext/fill")
		o := f.jm("backup", "run", "ext")
		if o.exit == 0 || !strings.Contains(o.out+o.err, "overflowed") {
			f.t.Errorf("a snapshot that overflowed: %s", o)
		}
		f.nothingLeft()
		f.on("vm", "rm /run/meanwhile")
		f.ok("backup", "run", "ext")
	})
	f.part("there can be none", func(f *fleet) {
		f.on("vm", "btrfs subvolume create /srv/btr/data/inner >/dev/null; lvcreate -q -y -n fills -l 100%FREE vg0 2>&1")
		for name, why := range map[string]string{"btr": "holds the subvolume", "ext": "and its volume group has 0 free"} {
			if o := f.jm("backup", "run", name); o.exit == 0 || !strings.Contains(o.out+o.err, why) {
				f.t.Errorf("it should say %q: %s", why, o)
			}
		}
		f.on("vm", "btrfs subvolume delete /srv/btr/data/inner >/dev/null; lvremove -q -y vg0/fills 2>&1")
		f.nothingLeft()
	})
}

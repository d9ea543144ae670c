//go:build linux && fleet

package suite

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jurymast/testdata/fleet/bed"
)

// TestSendBtrfs sends a subvolume to another file system over SSH, all of it and
// then what changed, is cut off in the middle, and brings it back. Both file
// systems are the machine's, which is two hosts to the inventory.
func TestSendBtrfs(t *testing.T) {
	ofVolumes(t)
	f := newFleet(t, bed.Options{Nodes: []string{"n1"}, Machine: "vm"})
	f.inventory(fmt.Sprintf(`
[node.vault]
address = "%v"

[share.docs]
kind = "files"
class = "user"
on = "vm"
path = "/srv/live/docs"

[repository.far]
kind = "btrfs-send"
on = "vault"
path = "/srv/far/copies"

[backup.docs]
of = "docs"
to = ["far"]
rpo = "24h"
keep = { last = 2 }
`, f.Machine().Addr))
	f.on("vm", `modprobe btrfs; mkfs.btrfs -q -f -m single /dev/vdb; mkfs.btrfs -q -f -m single /dev/vdc
mkdir -p /srv/live /srv/far; mount /dev/vdb /srv/live; mount /dev/vdc /srv/far; mkdir /srv/far/copies
btrfs subvolume create /srv/live/docs >/dev/null; mkdir /srv/live/docs/letters
head -c 2000000 /dev/urandom >/srv/live/docs/picture; printf 'come and see us\n' >"/srv/live/docs/letters/grand mother's.txt"
ln -s letters /srv/live/docs/link; chown -R ops: /srv/live/docs; chmod 640 /srv/live/docs/picture
mkdir -p /root/.ssh; umask 077
cat >/root/.ssh/id_ed25519 <<'END'
`+string(read(t, f.Key()))+`END
cat >/root/.ssh/known_hosts <<'END'
`+string(read(t, f.KnownHosts()))+`END
# A handshake takes a machine in software seconds: one is enough for all.
cat >/root/.ssh/config <<'END'
KexAlgorithms curve25519-sha256
ControlMaster auto
ControlPath /root/.ssh/line
ControlPersist 30m
END`)
	const (
		state = `cd /srv/live/docs && find . -path './.jurymast*' -prune -o -printf '%p %U %G %m %l\n' | sort; find . -path './.jurymast*' -prune -o -type f -exec sha256sum {} + | sort`
		// The Parent UUID of the newest subvolume that was received.
		parent   = `btrfs subvolume show "$(ls -d /srv/far/copies/docs/*Z-* | grep Z-[^.]*$ | tail -n 1)" | awk '$1 == "Parent" && $2 == "UUID:" { print $3 }'`
		received = `for s in $(ls -d /srv/far/copies/docs/*Z-* | grep Z-[^.]*$); do btrfs subvolume show $s | awk '$1 == "Received" && $2 == "UUID:" { print $3 }'; done`
	)
	f.ok("backup", "run", "docs")
	if p := strings.TrimSpace(f.on("vm", parent)); p != "-" {
		t.Fatalf("the first copy was made from %s", p)
	}
	f.part("what changed is sent", func(f *fleet) {
		f.on("vm", "echo more >/srv/live/docs/more; rm '/srv/live/docs/letters/grand mother'\\''s.txt'")
		f.ok("backup", "run", "docs")
		if p := strings.TrimSpace(f.on("vm", parent)); len(p) != 36 {
			f.t.Errorf("all was sent again: its parent is %q", p)
		}
	})
	f.part("it is cut off", func(f *fleet) {
		// Half of what the real tool sends is all that comes of it: then all that
		// belongs to the job is killed. What is removed after that is noted.
		f.on("vm", `head -c 3000000 /dev/urandom >/srv/live/docs/film
cat >/usr/local/bin/btrfs <<'END'
#!/bin/sh
if [ "$1" = send ] && rm /root/cut 2>/dev/null; then
	/usr/bin/btrfs "$@" | head -c 1500000
	kill -9 0
fi
[ "$1 $2" != "subvolume delete" ] || /usr/bin/btrfs subvolume show "$3" >>/root/removed
exec /usr/bin/btrfs "$@"
END
chmod +x /usr/local/bin/btrfs; : >/root/cut`)
		o := f.ok("backup", "run", "docs")
		if n := strings.Count(o.out, "start   copy to far"); n != 2 {
			f.t.Errorf("it was begun %d times: %s", n, o)
		}
		half := f.on("vm", `rm /usr/local/bin/btrfs; awk '/^copies/ { far = 1 } /^[^\t]/ && !/^copies/ { far = 0 } far && $1 == "Received" && $2 == "UUID:" { print $3 }' /root/removed`)
		if first, _, _ := strings.Cut(half, "\n"); first != "-" {
			f.t.Errorf("nothing half was left behind: %q of\n%s", half, f.on("vm", "cat /root/removed"))
		}
		// Two are kept.
		if seen := strings.Fields(f.on("vm", received)); len(seen) != 2 || strings.Contains(strings.Join(seen, " "), " -") {
			f.t.Errorf("afterwards there are %v", seen)
		}
		if p := strings.TrimSpace(f.on("vm", parent)); len(p) != 36 {
			f.t.Errorf("all was sent again: its parent is %q", p)
		}
	})
	f.ok("backup", "drill", "docs", "--yes")
	f.part("the source is destroyed", func(f *fleet) {
		was := f.on("vm", state)
		f.on("vm", "btrfs subvolume delete /srv/live/docs")
		f.finds("docs", "files", "/srv/live/docs", "fail", "it is not there")
		f.ok("run", "restore", "docs", "--job", "docs", "--confirm", "docs")
		if is := f.on("vm", state); is != was {
			f.t.Errorf("it came back as\n%s\nand was\n%s", is, was)
		}
		f.on("vm", "btrfs subvolume show /srv/live/docs >/dev/null")
		f.ok("backup", "run", "docs")
		if p := strings.TrimSpace(f.on("vm", parent)); len(p) != 36 {
			f.t.Errorf("all was sent again: its parent is %q", p)
		}
	})
	f.part("its files are lost", func(f *fleet) {
		was := f.on("vm", state)
		f.on("vm", "rm -r /srv/live/docs/letters; echo encrypted >/srv/live/docs/picture")
		f.ok("run", "restore", "docs", "--job", "docs", "--confirm", "docs")
		if is := f.on("vm", state); is != was {
			f.t.Errorf("it came back as\n%s\nand was\n%s", is, was)
		}
	})
	f.part("a copy is damaged, and then the one before it", func(f *fleet) {
		f.on("vm", "cat >/root/spoil.py <<'EOF'\n"+spoilAt+"EOF\nyes 'in both copies' | head -c 100000 >/srv/live/docs/both")
		f.ok("backup", "run", "docs")
		older := f.counts("docs")
		f.on("vm", "yes 'in the newest' | head -c 100000 >/srv/live/docs/newest")
		f.ok("backup", "run", "docs")
		if is := f.counts("docs"); is == older || older == "" {
			f.t.Fatalf("of %q and then %q none was made anew", older, is)
		}
		const spoil = "sync; echo 3 >/proc/sys/vm/drop_caches; python3 /root/spoil.py /dev/vdc 'in %s'; echo 3 >/proc/sys/vm/drop_caches"
		f.on("vm", fmt.Sprintf(spoil, "the newest"))
		f.drillFindsDamage("docs")
		if is := f.counts("docs"); is != older {
			f.t.Errorf("the newest that counts is %s, and should be %s", is, older)
		}
		f.ok("backup", "drill", "docs", "--yes") // of the one before
		f.on("vm", fmt.Sprintf(spoil, "both copies"))
		f.spoiltCopy("docs")
		if is := f.counts("docs"); is != "" {
			f.t.Errorf("%s still counts", is)
		}
		// What is spoilt there is in no further copy.
		f.ok("backup", "run", "docs")
		if p := strings.TrimSpace(f.on("vm", parent)); p != "-" {
			f.t.Errorf("the next was made from %s, which is damaged", p)
		}
		f.ok("backup", "status", "docs")
		f.ok("backup", "drill", "docs", "--yes")
	})
}

// spoilAt overwrites the first block of a device that begins with a text.
const spoilAt = `import mmap, os, sys
f = os.open(sys.argv[1], os.O_RDWR)
with mmap.mmap(f, os.lseek(f, 0, os.SEEK_END)) as m:
    at = m.find(sys.argv[2].encode())
    assert at >= 0 and at % 4096 == 0, at
    m[at:at + 4096] = os.urandom(4096)
    m.flush()
os.fsync(f)
`

// counts returns the name of the newest copy that counts, "" for none.
func (f *fleet) counts(job string) string {
	f.t.Helper()
	o := f.jm("backup", "status", job, "-o", "json")
	var doc struct {
		Items []struct{ Newest struct{ ID string } }
	}
	if err := json.Unmarshal([]byte(o.out), &doc); err != nil || len(doc.Items) != 1 {
		f.t.Fatalf("%v: %s", err, o)
	}
	return doc.Items[0].Newest.ID
}

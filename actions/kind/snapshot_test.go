package kind

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jurymast/actions"
)

// Tools that keep their snapshots in $STATE/rows.
const (
	fakeLvs = `
[ ! -e "$STATE/mute" ] || { echo "  WARNING: lvmlockd is not running" >&2; exit 5; }
case "$*" in
*segtype*) sed 's/^/  /' "$STATE/volume" ;;
*metadata_percent*) sed 's/^/  /' "$STATE/pool" ;;
*origin*) echo '  vg0|root||-wi-ao----|'; sed 's/^/  /' "$STATE/rows" 2>/dev/null ;;
esac
exit 0
`
	fakeLvcreate = `
[ ! -e "$STATE/refuses" ] || { echo '  Volume group "vg0" has insufficient free space (0 extents): 2 required.' >&2; exit 5; }
while [ "$1" != -n ]; do shift; done
echo "vg0|$2|data|$(cat "$STATE/attr")" >>"$STATE/rows"
`
	fakeLvremove = `
for name; do :; done
[ ! -e "$STATE/used" ] || { rm "$STATE/used"; echo "  Logical volume $name in use." >&2; exit 5; }
[ ! -e "$STATE/stuck" ] || { echo "  Logical volume $name in use." >&2; exit 5; }
grep -v "^vg0|${name#vg0/}|" "$STATE/rows" >"$STATE/new"
mv "$STATE/new" "$STATE/rows"
`
	fakeBtrfs = `
case $1-$2 in
subvolume-list) cat "$STATE/inner" ;;
subvolume-snapshot) mkdir "$5" && echo "$5" >>"$STATE/rows" ;;
subvolume-delete) rmdir "$3" ;;
property-get) [ -d "$4" ] || { echo "ERROR: Could not open: $4" >&2; exit 1; }; cat "$STATE/ro" ;;
esac
`
	fakeZfs = `
case $1 in
list) [ ! -e "$STATE/mute" ] || { echo 'The ZFS modules are not loaded.' >&2; exit 1; }; cat "$STATE/rows" ;;
snapshot) echo "$2" >>"$STATE/rows" ;;
destroy) grep -vxF "$2" "$STATE/rows" >"$STATE/new"; mv "$STATE/new" "$STATE/rows" ;;
esac
exit 0
`
)

// snapshotBed is a host whose data lies on a file system of some type, with the
// tools of snapshots as stand-ins.
func snapshotBed(t *testing.T, sort, fstype, source string, shell ...string) (*bed, actions.Data) {
	t.Helper()
	b := newBed(t, fmt.Sprintf("[node.app]\n[share.my-data]\nkind = \"files\"\nclass = \"user\"\non = \"app\"\npath = \"{DIR}/srv/data\"\nsnapshot = %q\n", sort), shell...)
	smallFile(t, filepath.Join(b.dir, "srv/data/x"), "1")
	for name, text := range map[string]string{
		"lvs": fakeLvs, "lvcreate": fakeLvcreate, "lvchange": "", "lvremove": fakeLvremove, "btrfs": fakeBtrfs, "zfs": fakeZfs, "mount": "", "sleep": "",
		"unshare": "shift\nexec \"$@\"\n",
		// The root of a subvolume is told by its number.
		"ls": "case $1:$2 in -di:*/srv) echo \"256 $2\" ;; *) exec /bin/ls \"$@\" ;; esac\n",
	} {
		b.standIn(name, text)
	}
	b.state("volume", "vg0|data|1000000|300000|linear|\n")
	b.state("attr", "sri-a-s---|0.10")
	b.state("pool", "40.00|10.00\n")
	b.state("ro", "ro=true\n")
	b.state("rows", "")
	b.state("inner", "")
	b.mounts(fstype, source)
	return b, b.data("share/my-data")
}

// mounts writes the table of mounts: the data's file system, with more lines.
func (b *bed) mounts(fstype, source string, more ...string) {
	b.t.Helper()
	at := strings.ReplaceAll(b.dir, " ", `\040`)
	smallFile(b.t, filepath.Join(b.dir, "proc/self/mountinfo"), "21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"+
		fmt.Sprintf("30 21 8:2 / %s/srv rw shared:2 master:1 - %s %s rw\n", at, fstype, source)+strings.ReplaceAll(strings.Join(more, "\n"), "{AT}", at))
}

// acts are the calls that changed something.
func (b *bed) acts() string {
	var out []string
	for ln := range strings.Lines(b.read("calls")) {
		ln = strings.ReplaceAll(strings.TrimSpace(ln), b.dir, "")
		for _, act := range []string{"lvcreate", "lvchange", "lvremove", "btrfs subvolume snapshot", "btrfs subvolume delete", "zfs snapshot", "zfs destroy", "mount"} {
			if strings.HasPrefix(ln, act) {
				out = append(out, ln)
			}
		}
	}
	b.state("calls", "")
	return strings.Join(out, "\n")
}

const mark = "jurymast.my_data_" // and a sum

// TestSnapshotWholeWay: what each sort is told from the survey to the end, and
// that one which was left is named and removed.
func TestSnapshotWholeWay(t *testing.T) {
	t.Parallel()
	name := snapshotMark("share/my-data") + "r_1"
	old := snapshotMark("share/my-data") + "r_0"
	other := snapshotMark("share/my_data") + "r_0"
	if !strings.HasPrefix(name, mark) || old == other {
		t.Fatalf("names: %s %s", name, other)
	}
	for _, c := range []struct {
		sort, fstype, source, left string
		acts                       [4]string // hold, through, free, and hold with one left
	}{
		{"lvm", "ext4", "/dev/mapper/vg0-data", "vg0|" + old + "|data|Sri-I-s---|100.00\nvg0|" + other + "|data|sri-a-s---|1.00\nvg0|" + old + "x||-wi-a-----|\n", [4]string{
			"lvcreate -q -y -s -p r -l 20%ORIGIN -n NAME vg0/data",
			"mount -t ext4 -o ro,noload /dev/vg0/NAME /var/lib/jurymast/snapshot\nmount -o bind /var/lib/jurymast/snapshot/data /srv/data",
			"lvremove -q -f -y vg0/NAME",
			"lvremove -q -f -y vg0/OLD\nlvcreate -q -y -s -p r -l 20%ORIGIN -n NAME vg0/data",
		}},
		{"lvm", "xfs", "/dev/mapper/vg0-data", "", [4]string{
			"lvcreate -q -y -s -p r -l 20%ORIGIN -n NAME vg0/data",
			"mount -t xfs -o ro,nouuid,norecovery /dev/vg0/NAME /var/lib/jurymast/snapshot\nmount -o bind /var/lib/jurymast/snapshot/data /srv/data",
			"lvremove -q -f -y vg0/NAME",
		}},
		{"btrfs", "btrfs", "/dev/sdb", "", [4]string{
			"mount -t btrfs -o subvolid=5 /dev/sdb /var/lib/jurymast/snapshot\nbtrfs subvolume snapshot -r /srv /var/lib/jurymast/snapshot/NAME",
			"mount -t btrfs -o subvol=/NAME /dev/sdb /var/lib/jurymast/snapshot\nmount -o bind /var/lib/jurymast/snapshot/data /srv/data",
			"btrfs subvolume delete /var/lib/jurymast/snapshot/NAME",
		}},
		{"zfs", "zfs", "tank/srv", "tank/srv@" + old + "\ntank/srv@" + other + "\ntank/srv@daily\n", [4]string{
			"zfs snapshot tank/srv@NAME",
			"mount -t zfs -o ro tank/srv@NAME /var/lib/jurymast/snapshot\nmount -o bind /var/lib/jurymast/snapshot/data /srv/data",
			"zfs destroy tank/srv@NAME",
			"zfs destroy tank/srv@OLD\nzfs snapshot tank/srv@NAME",
		}},
	} {
		eachShell(t, func(t *testing.T, shell ...string) {
			b, d := snapshotBed(t, c.sort, c.fstype, c.source, shell...)
			in := map[string]string{actions.InRun: "r-1"}
			acts := func(what string, want string) {
				t.Helper()
				got := b.acts()
				if c.sort == "btrfs" && what != "hold" { // it looks at the top as well
					got = strings.ReplaceAll(got, "mount -t btrfs -o subvolid=5 /dev/sdb /var/lib/jurymast/snapshot\n", "")
					got = strings.TrimSpace(strings.ReplaceAll(got, "mount -t btrfs -o subvolid=5 /dev/sdb /var/lib/jurymast/snapshot", ""))
				}
				want = strings.NewReplacer("NAME", name, "OLD", old).Replace(want)
				if !strings.Contains(got, want) || what != "hold" && got != want {
					t.Errorf("%s %s: it did\n%s\nwant\n%s", c.sort, what, got, want)
				}
			}
			if said := b.does(d.Survey, in); said["hold"] != "" || said["left"] != "" || said["path-1"] == "" {
				t.Errorf("%s: survey: %v", c.sort, said)
			}
			b.acts()
			if said := b.does(*d.Hold, in); !strings.HasPrefix(said["snapshot"], name+" of ") {
				t.Errorf("%s: hold: %v", c.sort, said)
			}
			acts("hold", c.acts[0])
			b.does(*d.Whole, in)
			// What is mounted at the folder is what the stand-in cannot mount.
			smallFile(t, filepath.Join(b.dir, "var/lib/jurymast/snapshot/data/x"), "0")
			b.acts()
			b.does(*d.Through, in)
			acts("through", c.acts[1])
			for range 2 { // as after a cut
				b.does(*d.Free, in)
			}
			acts("free", c.acts[2])
			b.refuses(*d.Whole, in, "is not there any more")

			if c.left == "" {
				return
			}
			b.state("rows", c.left)
			if said := b.does(d.Survey, in); !strings.Contains(said["left"], old) || strings.Contains(said["left"], other) || strings.Contains(said["left"], "daily") {
				t.Errorf("%s: what was left: %v", c.sort, said)
			}
			b.acts()
			if out := b.run(*d.Hold, in); out.Exit != 0 || !strings.Contains(string(out.Stdout), "removed the snapshot") || !strings.Contains(string(out.Stdout), old) {
				t.Errorf("%s: hold with one left: %+v", c.sort, out)
			}
			acts("left", c.acts[3])
			if !strings.Contains(b.read("rows"), other) {
				t.Errorf("%s: the snapshot of another target is gone", c.sort)
			}
		})
	}
}

// TestSnapshotOfZFSInUse: what the kernel has mounted of other snapshots is none of
// the data.
func TestSnapshotOfZFSInUse(t *testing.T) {
	b, d := snapshotBed(t, "zfs", "zfs", "tank/srv")
	b.mounts("zfs", "tank/srv", "31 30 0:60 / {AT}/srv/data/.zfs/snapshot/daily ro - zfs tank/srv@daily ro\n")
	if said := b.does(d.Survey, nil); said["hold"] != "" {
		t.Errorf("survey: %v", said)
	}
	b.mounts("zfs", "tank/srv", "31 30 0:60 / {AT}/srv/data/inner rw - zfs tank/srv/inner rw\n")
	if said := b.does(d.Survey, nil); !strings.Contains(said["hold"], "srv/data/inner, below") {
		t.Errorf("survey: %v", said)
	}
}

// TestSnapshotThin: a thin one takes no room of its own, and is activated.
func TestSnapshotThin(t *testing.T) {
	b, d := snapshotBed(t, "lvm", "ext4", "/dev/mapper/vg0-data")
	b.state("volume", "vg0|data|1000000|0|thin|pool\n")
	b.state("attr", "Vri-a-tz--|100.00")
	in := map[string]string{actions.InRun: "r-1"}
	b.does(*d.Hold, in)
	name := snapshotMark("share/my-data") + "r_1"
	if got, want := b.acts(), "lvcreate -q -y -s -p r -k n -n "+name+" vg0/data\nlvchange -q -y -K -a y vg0/"+name; got != want {
		t.Errorf("it did\n%s", got)
	}
	for _, full := range []string{"93.10|10.00", "10.00|90.00", "|", ""} {
		b.state("pool", full+"\n")
		b.does(*d.Free, in)
		b.refuses(*d.Hold, in, "thin pool vg0/pool")
		if said := b.does(d.Survey, in); !strings.Contains(said["hold"], "thin pool vg0/pool") {
			t.Errorf("%q: %v", full, said)
		}
	}
}

// TestSnapshotNotWhole: what is not known to be whole is not.
func TestSnapshotNotWhole(t *testing.T) {
	b, d := snapshotBed(t, "lvm", "ext4", "/dev/mapper/vg0-data")
	in := map[string]string{actions.InRun: "r-1"}
	b.does(*d.Hold, in)
	row := "vg0|" + snapshotMark("share/my-data") + "r_1|data|"
	for state, why := range map[string]string{
		"sri-I-s---|100.00": "overflowed", "Sri-I-s---|": "overflowed", "sri-a-s---|100.00": "overflowed", "sri-S-s---|12.00": "overflowed",
		"sri-a-s-p-|1.00": "damaged", "Vri-a-tzF-|1.00": "damaged", "sri---s---|": "not known", "sri-a-s---|": "not known", "sri-a-s---|x": "not known",
		"": "not there", "<html>|": "not known", "Vri---tz-k|": "not known",
	} {
		b.state("rows", row+state+"\n")
		b.refuses(*d.Whole, in, why)
	}
	for _, state := range []string{"sri-a-s---|99.99", "sri-a-s---|0.00", "Vri-a-tz--|100.00"} {
		b.state("rows", row+state+"\n")
		b.does(*d.Whole, in)
	}
	b.state("mute", "")
	b.refuses(*d.Whole, in, "lvmlockd is not running")
	b.refuses(*d.Free, in, "it is not known whether the snapshot")
	b.refuses(*d.Hold, in, "no volume of LVM: WARNING: lvmlockd")
	if err := os.Remove(filepath.Join(b.dir, "state/mute")); err != nil {
		t.Fatal(err)
	}
	b.state("used", "") // what holds it is ended, and it goes
	b.does(*d.Free, in)
	b.does(*d.Hold, in)
	b.state("stuck", "")
	b.refuses(*d.Free, in, "in use")
	b.refuses(*d.Hold, in, "which an earlier copy left, cannot be removed: Logical volume")

	b, d = snapshotBed(t, "btrfs", "btrfs", "/dev/sdb")
	b.does(*d.Hold, in)
	for _, ro := range []string{"ro=false\n", "", "<html>\n"} {
		b.state("ro", ro)
		b.refuses(*d.Whole, in, "can be written to")
	}
}

// TestSnapshotRefused: why there can be none is said before anything is begun,
// and keeps nobody from bringing a copy back.
func TestSnapshotRefused(t *testing.T) {
	lvm := func(b *bed) { b.mounts("ext4", "/dev/mapper/vg0-data") }
	for _, c := range []struct {
		name, sort, why string
		do              func(b *bed)
	}{
		{"no room", "lvm", "needs 200000 bytes, and its volume group has 199999 free", func(b *bed) { lvm(b); b.state("volume", "vg0|data|1000000|199999|linear|\n") }},
		{"no volume", "lvm", "is no volume of LVM: ", func(b *bed) { lvm(b); b.state("mute", "") }},
		{"half an answer", "lvm", "is not understood", func(b *bed) { lvm(b); b.state("volume", "vg0|data\n") }},
		{"btrfs on lvm", "lvm", "of a snapshot of LVM, ext4 and xfs can be read", func(b *bed) { b.mounts("btrfs", "/dev/mapper/vg0-data") }},
		{"mounted below", "lvm", "is mounted at", func(b *bed) {
			b.mounts("ext4", "/dev/mapper/vg0-data", "31 30 8:3 / {AT}/srv/data/sub rw - ext4 /dev/sdc rw\n")
		}},
		{"no btrfs", "btrfs", "which is no btrfs", lvm},
		{"subvolume in it", "btrfs", "holds the subvolume data/inner", func(b *bed) {
			b.mounts("btrfs", "/dev/sdb")
			b.state("inner", "ID 257 gen 8 top level 5 path elsewhere\nID 258 gen 9 top level 5 path data/inner\n")
		}},
		{"a list that is none", "btrfs", "not understood: <html>", func(b *bed) { b.mounts("btrfs", "/dev/sdb"); b.state("inner", "<html>\n") }},
		{"no zfs", "zfs", "which is no ZFS", lvm},
		{"no table", "lvm", "it is not known on what", func(b *bed) { smallFile(b.t, filepath.Join(b.dir, "proc/self/mountinfo"), "") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, d := snapshotBed(t, c.sort, "ext4", "/dev/mapper/vg0-data")
			c.do(b)
			in := map[string]string{actions.InRun: "r-1"}
			said := b.does(d.Survey, in)
			if !strings.Contains(said["hold"], c.why) || said["trouble"] != "" || said["path-1"] == "" {
				t.Errorf("survey: %v", said)
			}
			b.acts()
			b.refuses(*d.Hold, in, c.why)
			if got := b.acts(); strings.Contains(got, "lvcreate") || strings.Contains(got, "snapshot -r") || strings.Contains(got, "zfs") {
				t.Errorf("it did\n%s", got)
			}
		})
	}
}

// TestSnapshotPaths: what is not in the snapshot is not copied from the live data.
func TestSnapshotPaths(t *testing.T) {
	b, d := snapshotBed(t, "lvm", "ext4", "/dev/mapper/vg0-data")
	in := map[string]string{actions.InRun: "r-1"}
	b.does(*d.Hold, in)
	b.refuses(*d.Through, in, "is not in the snapshot")
	for _, text := range []string{"snapshot = \"lvm\"\nquiesce = \"stop\"\n", "snapshot = \"lvm\"\nsnapshot_room = 0\n"} {
		b := newBed(t, "[node.app]\n[service.s]\nkind = \"systemd\"\non = \"app\"\ndata = [\"/srv/data\"]\n"+text)
		target, _ := b.fleet.Target("service/s")
		if _, err := systemd.Data(b.fleet, *target); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

package kind

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

func TestBtrfsScrub(t *testing.T) {
	now := suiteAnswer("").Now
	ago := func(d int) string {
		return now.Add(-time.Duration(d) * 24 * time.Hour).UTC().Format("Mon Jan _2 15:04:05 2006")
	}
	counts := "\tread_errors: %d\n\tcsum_errors: %d\n\tuncorrectable_errors: %d\n\tcorrected_errors: %d\n"
	said := func(head string, n ...any) string { return "UUID:             x\n" + head + fmt.Sprintf(counts, n...) }
	bound := inventory.Bound{Warn: 35, Fail: math.NaN()}
	for _, x := range []struct{ name, text, exit, status, line string }{
		{"lately", said("Scrub started:    "+ago(3)+"\nStatus:           finished\n", 0, 0, 0, 0), "0", "ok", "scrubbed 3 d 0 h ago"},
		{"long ago", said("Scrub started:    "+ago(36)+"\nStatus:           finished\n", 0, 0, 0, 0), "0", "warn", "36 d 0 h ago, limit 35 days"},
		{"now", said("Scrub started:    "+ago(1)+"\nStatus:           running\n", 0, 0, 0, 0), "0", "ok", "is being scrubbed for 1 d"},
		{"now, and it finds", said("Scrub started:    "+ago(1)+"\nStatus:           running\n", 1, 4, 0, 5), "0", "warn", "it mended 5 of 5 errors"},
		{"resumed", said("Scrub resumed:    "+ago(2)+"\nStatus:           finished\n", 0, 0, 0, 0), "0", "ok", "scrubbed 2 d"},
		{"broken off", said("Scrub started:    "+ago(2)+"\nStatus:           interrupted\n", 0, 0, 0, 0), "0", "warn", "its scrub of 2 d 0 h ago was interrupted"},
		{"lost", said("Scrub started:    "+ago(2)+"\nStatus:           finished\n", 0, 7, 7, 0), "0", "fail", "7 errors could not be mended"},
		{"never", said("\tno stats available\n", 0, 0, 0, 0), "0", "warn", "never scrubbed"},
		{"old words, running", said("\tscrub started at "+ago(1)+", running for 00:00:05\n", 0, 0, 0, 0), "0", "ok", "is being scrubbed"},
		{"old words, broken off", said("\tscrub started at "+ago(1)+" and was aborted after 00:00:05\n", 0, 0, 0, 0), "0", "warn", "was aborted"},
		{"new words", said("Scrub started:    "+ago(2)+"\nStatus:           dreaming\n", 0, 0, 0, 0), "0", "unknown", "btrfs calls its scrub dreaming"},
		{"no time", said("Scrub started:    lately\nStatus:           finished\n", 0, 0, 0, 0), "0", "unknown", "not understood: lately"},
		{"half", "UUID: x\nScrub started:    " + ago(2) + "\nStatus:           finished\n", "0", "unknown", "btrfs does not say"},
		{"a failure", said("Scrub started:    "+ago(2)+"\nStatus:           finished\n", 0, 0, 0, 0), "1", "unknown", "btrfs does not say"},
	} {
		r := btrfsScrub(btrfsFS{at: "/srv", scrub: x.text, exits: [3]string{"0", "0", x.exit}}, bound, now)
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.name, x.status, x.line, r)
		}
	}
	// It stays so until another scrub finds nothing: that is what is to be done.
	mended := btrfsFS{at: "/srv", scrub: said("Scrub started:    "+ago(1)+"\nStatus:           finished\n", 0, 1, 0, 1), exits: [3]string{"", "", "0"}}
	if r := btrfsScrub(mended, bound, now); r.Status != actions.Warn || !strings.Contains(r.Next, "btrfs device stats /srv") || !strings.HasSuffix(r.Next, "btrfs scrub start /srv") {
		t.Errorf("mended: %+v", r)
	}
	never := btrfsFS{scrub: said("\tno stats available\n", 0, 0, 0, 0), exits: [3]string{"", "", "0"}}
	if r := btrfsScrub(never, inventory.Bound{Warn: math.NaN(), Fail: math.NaN()}, now); r.Status != actions.OK {
		t.Errorf("without a limit: %+v", r)
	}
}

// Room that only one of two devices has cannot hold two copies.
func TestBtrfsRoom(t *testing.T) {
	said := func(profile string, meta int, free ...int) btrfsFS {
		var b strings.Builder
		total := 0
		for _, f := range free {
			total += f
		}
		fmt.Fprintf(&b, "Overall:\n    Device size:\t\t 1000\n    Device unallocated:\t\t %d\n    Device missing:\t\t 0\n    Multiple profiles:\t\t no\n\n", total)
		fmt.Fprintf(&b, "Data,%s: Size:100, Used:50 (50.00%%)\n   /dev/sda\t 100\n\nMetadata,%s: Size:100, Used:%d (%d.00%%)\n   /dev/sda\t 100\n\nUnallocated:\n", profile, profile, meta, meta)
		for i, f := range free {
			fmt.Fprintf(&b, "   /dev/sd%c\t %d\n", 'a'+i, f)
		}
		return btrfsFS{at: "/srv", usage: b.String(), exits: [3]string{"0", "0", "0"}}
	}
	low, meta := inventory.Bound{Warn: 5, Fail: math.NaN(), Low: true}, inventory.Bound{Warn: 75, Fail: 90}
	for _, x := range []struct {
		name         string
		fs           btrfsFS
		status, line string
	}{
		{"enough", said("RAID1", 95, 200, 200), "ok", "40% can still be given out, 400 B, metadata 95% used"},
		{"one of two", said("RAID1", 50, 0, 400), "warn", "0% can still be given out, 0 B, limit 5 %, metadata 50% used"},
		{"one of two, without copies", said("single", 50, 0, 400), "ok", "40% can still"},
		{"three", said("RAID1", 50, 100, 100, 400), "ok", "40% can still"},
		{"and the metadata fills up", said("RAID1", 80, 0, 10), "warn", "metadata 80% used, limit 75 %"},
		{"and is full", said("DUP", 95, 10), "fail", "metadata 95% used, limit 90 %"},
	} {
		r := btrfsRoom(x.fs, low, meta)
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.name, x.status, x.line, r)
		}
	}
	half := said("RAID1", 50, 200, 200)
	half.usage, _, _ = strings.Cut(half.usage, "Unallocated:")
	if r := btrfsRoom(half, low, meta); r.Status != actions.Unknown {
		t.Errorf("half an answer: %+v", r)
	}
}

func TestBtrfsErrorsGrow(t *testing.T) {
	a := suiteAnswer("")
	a.Series = func(item, metric string) []actions.Point {
		if item != "/srv" || metric != "errors" {
			t.Errorf("asked for %s %s", item, metric)
		}
		return []actions.Point{{At: a.Now.Add(-time.Hour), Value: 3}}
	}
	b := btrfsFS{at: "/srv", stats: "[/dev/sda].write_io_errs    0\n[/dev/sda].corruption_errs  9\n", exits: [3]string{"0", "0", "0"},
		usage: "Overall:\n    Device size: 10\n    Device unallocated: 5\n    Device missing: 0\n\nUnallocated:\n   /dev/sda 5\n"}
	bound := inventory.Bound{Warn: 0, Fail: math.NaN()}
	if r := btrfsDevices(b, bound, a); r.Status != actions.Fail || !strings.Contains(r.Line, "errors: /dev/sda corruption 9, 6 of them in the last 1 h 0 min") {
		t.Errorf("more than before: %+v", r)
	}
	if r := btrfsDevices(b, bound, suiteAnswer("")); r.Status != actions.Warn {
		t.Errorf("for the first time: %+v", r)
	}
	b.usage = ""
	b.stats = strings.Replace(b.stats, "9", "0", 1)
	if r := btrfsDevices(b, bound, suiteAnswer("")); r.Status != actions.Unknown {
		t.Errorf("whether a device is missing was not said: %+v", r)
	}
}

// Each file system is asked once, by the shortest of its places, whatever
// blanks are in it.
func TestBtrfsAsks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"proc/self/mountinfo": "22 1 254:0 / / rw - ext4 /dev/vda rw\n30 22 0:40 /@home /home/all rw shared:1 - btrfs /dev/sda rw\n31 22 0:40 /@srv /srv rw - btrfs /dev/sda rw\n" +
			"32 22 0:40 /@var /var rw - btrfs /dev/sdb rw\n33 22 0:41 / /mnt/my\\040disk rw - btrfs /dev/sdc rw\n",
		"bin/btrfs": "#!/bin/sh\necho \"$# $* $TZ\" >>" + dir + "/asked\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("JURYMAST_ROOT", dir)
	t.Setenv("PATH", dir+"/bin"+string(os.PathListSeparator)+os.Getenv("PATH"))
	eachShell(t, func(t *testing.T, shell ...string) {
		if err := os.RemoveAll(dir + "/asked"); err != nil {
			t.Fatal(err)
		}
		f, target := suiteTarget(t, btrfs)
		a := runScript(t, btrfs.Checks(f, target)[0], shell...)
		asked, err := os.ReadFile(dir + "/asked")
		if err != nil {
			t.Fatalf("%v: %s%s", err, a.Stdout, a.Stderr)
		}
		const want = "3 device stats /mnt/my disk UTC0\n4 filesystem usage -b /mnt/my disk UTC0\n4 scrub status -R /mnt/my disk UTC0\n" +
			"3 device stats /srv UTC0\n4 filesystem usage -b /srv UTC0\n4 scrub status -R /srv UTC0\n"
		if string(asked) != want {
			t.Errorf("it was asked\n%s\nand should be\n%s", asked, want)
		}
		a.Series = suiteAnswer("").Series
		rs := btrfs.Checks(f, target)[0].Read(a)
		if len(rs) != 2 || rs[0].Item != "/mnt/my disk" || rs[1].Item != "/srv" || rs[0].Status != actions.Unknown {
			t.Errorf("%+v", rs)
		}
	})
}

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

// zfsSaidOf is an answer about one pool tank: the lines of zpool status between
// its state and its table, the table behind the pool itself, and the rest.
func zfsSaidOf(state, head, table, errors, troubled string) string {
	status := "  pool: tank\n state: " + state + "\n" + head + "config:\n\n\tNAME        STATE     READ WRITE CKSUM\n\ttank        ONLINE       0     0     0\n" + table
	if errors != "" {
		status += "\nerrors: " + errors + "\n"
	}
	if troubled == "" {
		troubled = status
	}
	return "== list\nexit 0\ntank\t1000\t400\t600\t40\t" + state + "\t9\n== status\nexit 0\n" + status + "== troubled\nexit 0\n" + troubled + "== end\n"
}

func zfsReading(t *testing.T, check string, a actions.Answer, lines ...string) actions.Reading {
	t.Helper()
	f, target := suiteTarget(t, zfs, lines...)
	for _, c := range zfs.Checks(f, target) {
		if c.ID != check {
			continue
		}
		rs := c.Read(a)
		if len(rs) != 1 {
			t.Fatalf("%+v", rs)
		}
		if (rs[0].Status == actions.OK) != (rs[0].Next == "") && rs[0].Status != actions.Unknown {
			t.Errorf("what to do next: %+v", rs[0])
		}
		return rs[0]
	}
	t.Fatalf("no check %s", check)
	return actions.Reading{}
}

const (
	zfsFine = "all pools are healthy\n"
	zfsNone = "No known data errors"
	zfsDisk = "\t  sda       ONLINE       0     0     0\n"
)

func TestZfsHealth(t *testing.T) {
	const resilver = "  scan: resilver (mirror-0) in progress since Fri Nov 20 20:00:00 2026\n\t1G / 2G scanned, 1G / 2G issued\n\t1G resilvered, 41.00% done, no estimated completion time\n"
	for _, x := range []struct{ name, state, head, table, errors, troubled, status, line string }{
		{"well", "ONLINE", "", zfsDisk, zfsNone, zfsFine, "ok", "ONLINE, 1 device"},
		{"features not enabled", "ONLINE", "status: Some supported features are not enabled on the pool.\n", zfsDisk, zfsNone, zfsFine, "ok", "ONLINE, 1 device"},
		{"troubled, of a sort that is not known", "ONLINE", "status: One or more devices are in a\n\tmood.\n", zfsDisk, zfsNone, "", "warn", "ONLINE, 1 device: One or more devices are in a mood."},
		{"one write error", "ONLINE", "", "\t  sda       ONLINE       0     1     0\n", zfsNone, "", "warn", "errors: sda write 1"},
		{"counts that are not exact", "ONLINE", "", "\t  sda       ONLINE       0     0 1.50K\n", zfsNone, "", "warn", "errors: sda checksum 1536"},
		{"of the whole mirror alone", "ONLINE", "", "\t  mirror-0  ONLINE       0     0     2\n\t    sda     ONLINE       0     0     0\n\t    sdb     ONLINE       0     0     0\n", zfsNone, "", "warn", "2 devices, errors: mirror-0 checksum 2"},
		{"a name with blanks", "ONLINE", "", "\t  /srv/MY disk  ONLINE       0     0     3\n", zfsNone, "", "warn", "errors: /srv/MY disk checksum 3"},
		{"trimmed", "ONLINE", "", "\t  sda       ONLINE       0     0     0  (trimming)\n", zfsNone, zfsFine, "ok", "1 device"},
		{"a count that is none", "ONLINE", "", "\t  sda       ONLINE       0     0     x\n", zfsNone, zfsFine, "unknown", "a line is not understood: sda ONLINE 0 0 x"},
		{"a line without counts", "ONLINE", "", zfsDisk + "\t  sdb       ONLINE\n", zfsNone, zfsFine, "unknown", "a line is not understood"},
		{"no devices", "ONLINE", "", "", zfsNone, zfsFine, "unknown", "zpool status does not say all of it; zpool list calls it ONLINE"},
		{"nothing but a state", "FAULTED", "", "", "", "", "fail", "zpool list calls it FAULTED"},
		{"a state that is new", "DREAMING", "", zfsDisk, zfsNone, zfsFine, "unknown", "DREAMING, which is a state that is not known"},
		{"degraded", "DEGRADED", "", zfsDisk, zfsNone, "", "fail", "DEGRADED"},
		{"and resilvered", "DEGRADED", resilver, zfsDisk, zfsNone, "", "warn", "DEGRADED, is being resilvered, 41.00% done"},
		{"resilvered while whole", "ONLINE", resilver, zfsDisk, zfsNone, "", "warn", "ONLINE, is being resilvered, 41.00% done"},
		{"a resilver with errors", "ONLINE", "  scan: resilvered 1G in 01:00:00 with 3 errors on Fri Nov 20 20:00:00 2026\n", zfsDisk, zfsNone, "", "fail", "its resilver left 3 errors"},
		{"suspended", "SUSPENDED", "", zfsDisk, zfsNone, "", "fail", "SUSPENDED: who writes to it waits"},
		{"faulted", "FAULTED", "", zfsDisk, "", "", "fail", "FAULTED"},
		{"lost data", "ONLINE", "", zfsDisk, "12 data errors, use '-v' for a list", "", "fail", "12 data errors: files are lost"},
		{"lost data by name", "ONLINE", "", zfsDisk, "Permanent errors have been detected in the following files:", "", "fail", "files are lost"},
		{"no word of lost data", "ONLINE", "", zfsDisk, "", zfsFine, "unknown", "whether data is lost is not told"},
		{"new words of lost data", "ONLINE", "", zfsDisk, "List of errors unavailable", zfsFine, "unknown", "whether data is lost is not told: List of errors unavailable"},
		{"a spare that is well", "ONLINE", "", zfsDisk + "\tspares\n\t  sdx       AVAIL   \n", zfsNone, zfsFine, "ok", "1 device"},
		{"a spare in use", "ONLINE", "", zfsDisk + "\tspares\n\t  sdx       INUSE     currently in use\n", zfsNone, "", "warn", "spare sdx is in use"},
		{"a spare that is gone", "ONLINE", "", zfsDisk + "\tspares\n\t  sdx       UNAVAIL   cannot open\n", zfsNone, zfsFine, "warn", "spare sdx UNAVAIL (cannot open)"},
		{"a cache that is gone", "ONLINE", "", zfsDisk + "\tcache\n\t  sdx       FAULTED      0     0     0  corrupted data\n", zfsNone, zfsFine, "warn", "cache sdx FAULTED (corrupted data)"},
		{"a log that counts", "ONLINE", "", zfsDisk + "\tlogs\t\n\t  sdx       ONLINE       4     0     0\n", zfsNone, "", "warn", "2 devices, errors: sdx read 4"},
	} {
		r := zfsReading(t, "pools", suiteAnswer(zfsSaidOf(x.state, x.head, x.table, x.errors, x.troubled)))
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.name, x.status, x.line, r)
		}
	}
}

// What does not fit together is not well.
func TestZfsAnswersThatDiffer(t *testing.T) {
	well := zfsSaidOf("ONLINE", "", zfsDisk, zfsNone, zfsFine)
	for _, x := range []struct{ from, to, line string }{
		{"  pool: tank\n", "  pool: other\n", "zpool status does not say all of it; zpool list calls it ONLINE"},
		{"\t40\tONLINE\t", "\t40\tSUSPENDED\t", "and zpool list calls it SUSPENDED"},
		{"tank\t1000\t400\t600\t40\tONLINE\t9\n", "", "zpool list names no pool, and zpool status says: pool: tank"},
		{"tank\t1000\t400\t600\t40\tONLINE\t9\n", "tank 1000\n", "a line of zpool list is not understood: tank 1000"},
		{zfsFine, "<html>\n", "zpool status -x is not understood: <html>"},
		{"== troubled\nexit 0", "== troubled\nexit 2", "ZFS does not say (exit 2)"},
		{"== status\nexit 0\n", "== status\nexit 0\n<html>", "zpool status does not say all of it; zpool list calls it ONLINE"},
	} {
		said := strings.Replace(well, x.from, x.to, 1)
		if said == well {
			t.Errorf("nothing is changed by %q", x.to)
		}
		if r := zfsReading(t, "pools", suiteAnswer(said)); r.Status != actions.Unknown || !strings.Contains(r.Line, x.line) {
			t.Errorf("%q: want unknown %q, got %+v", x.to, x.line, r)
		}
	}
}

func TestZfsErrorsGrow(t *testing.T) {
	a := suiteAnswer(zfsSaidOf("ONLINE", "", "\t  sda       ONLINE       0     0     9\n", zfsNone, ""))
	var points []actions.Point
	a.Series = func(item, metric string) []actions.Point {
		if item != "tank" || metric != "errors" {
			t.Errorf("asked for %s %s", item, metric)
		}
		return points
	}
	at := func(hours int, v float64) actions.Point {
		return actions.Point{At: a.Now.Add(-time.Duration(hours) * time.Hour), Value: v}
	}
	for _, x := range []struct {
		name         string
		points       []actions.Point
		status, line string
	}{
		{"for the first time", nil, "warn", "errors: sda checksum 9"},
		{"as before", []actions.Point{at(2, 9), at(1, 9)}, "warn", "errors: sda checksum 9"},
		{"more than before", []actions.Point{at(3, 3), at(1, 5)}, "fail", "checksum 9, 6 of them in the last 3 h 0 min"},
		{"again, since they were cleared", []actions.Point{at(5, 188), at(2, 0), at(1, 0)}, "fail", "9 of them in the last 1 h 0 min"},
	} {
		points = x.points
		if r := zfsReading(t, "pools", a); r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.name, x.status, x.line, r)
		}
	}
	points = nil
	if r := zfsReading(t, "pools", a, "limits.errors = { warn = 20, fail = 50 }"); r.Status != actions.Warn {
		t.Errorf("zpool status -x names it below a limit of one's own: %+v", r)
	}
}

func TestZfsScrub(t *testing.T) {
	now := suiteAnswer("").Now
	ago := func(d int) string {
		return now.Add(-time.Duration(d) * 24 * time.Hour).UTC().Format("Mon Jan _2 15:04:05 2006")
	}
	const on = "\t1G / 2G scanned at 1M/s, 1G / 2G issued at 1M/s\n\t%s repaired, 12.50%% done, 00:10:00 to go\n"
	resilvered := "  scan: resilvered 1G in 01:00:00 with 0 errors on " + ago(3) + "\n"
	for _, x := range []struct{ name, head, status, line string }{
		{"lately", "  scan: scrub repaired 0B in 00:01:00 with 0 errors on " + ago(3) + "\n", "ok", "scrubbed 3 d 0 h ago"},
		{"in words of 0.8", "  scan: scrub repaired 0B in 1 days 00:01:00 with 0 errors on " + ago(3) + "\n", "ok", "scrubbed 3 d 0 h ago"},
		{"thoroughly", "  scan: thorough scrub repaired 0B in 00:01:00 with 0 errors on " + ago(3) + "\n", "ok", "scrubbed 3 d 0 h ago"},
		{"long ago", "  scan: scrub repaired 0B in 00:01:00 with 0 errors on " + ago(36) + "\n", "warn", "36 d 0 h ago, limit 35 days"},
		{"mended", "  scan: scrub repaired 12.4M in 00:01:00 with 0 errors on " + ago(3) + "\n", "warn", "it mended 12.4M"},
		{"lost", "  scan: scrub repaired 12.4M in 00:01:00 with 10 errors on " + ago(3) + "\n", "fail", "10 errors could not be mended"},
		{"runs", "  scan: scrub in progress since " + ago(1) + "\n" + fmt.Sprintf(on, "0B"), "ok", "is being scrubbed for 1 d 0 h, 12.50% done"},
		{"runs, and mends", "  scan: scrub in progress since " + ago(1) + "\n" + fmt.Sprintf(on, "4K"), "warn", "12.50% done; it mended 4K"},
		{"paused", "  scan: scrub paused since " + ago(1) + "\n\tscrub started on " + ago(2) + "\n" + fmt.Sprintf(on, "0B"), "warn", "its scrub is paused for 1 d 0 h, 12.50% done"},
		{"canceled", "  scan: scrub canceled on " + ago(1) + "\n", "warn", "its scrub was canceled 1 d 0 h ago"},
		{"never", "", "warn", "never scrubbed"},
		{"never, in old words", "  scan: none requested\n", "warn", "never scrubbed"},
		{"a resilver behind it", resilvered, "unknown", "when it was scrubbed is not told: a resilver came behind, 3 d 0 h ago"},
		{"a resilver long ago", strings.Replace(resilvered, ago(3), ago(40), 1), "warn", "a resilver came behind, 40 d 0 h ago"},
		{"and a rebuild", "  scan: scrub repaired 0B in 00:01:00 with 0 errors on " + ago(3) + "\n  scan: resilvered (mirror-0) 1G in 01:00:00 with 0 errors on " + ago(2) + "\n", "ok", "scrubbed 3 d"},
		{"of known errors", " scrub: scrubbed 3 error blocks in 0 days 00:00:01 on " + ago(1) + "\n", "unknown", "a scrub of known errors alone came behind"},
		{"new words", "  scan: dreamt of " + ago(1) + "\n", "unknown", "not understood: dreamt of"},
		{"no time", "  scan: scrub repaired 0B in 00:01:00 with 0 errors on Friday\n", "unknown", "not understood: Friday"},
		{"no time, and it runs", "  scan: scrub in progress since Friday\n", "unknown", "not understood: Friday"},
	} {
		r := zfsReading(t, "scrub", suiteAnswer(zfsSaidOf("ONLINE", x.head, zfsDisk, zfsNone, zfsFine)))
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%s: want %s %q, got %+v", x.name, x.status, x.line, r)
		}
	}
	// The scrub that was seen before the resilver still counts, and ages.
	a := suiteAnswer(zfsSaidOf("ONLINE", resilvered, zfsDisk, zfsNone, zfsFine))
	for _, x := range []struct {
		days         float64
		status, line string
	}{{20, "ok", "scrubbed 22 days ago, a resilver came behind"}, {34, "warn", "scrubbed 36 days ago, limit 35 days, a resilver came behind"}} {
		a.Series = func(_, metric string) []actions.Point {
			if metric != "scrub" {
				return nil
			}
			return []actions.Point{{At: now.Add(-72 * time.Hour), Value: x.days - 1}, {At: now.Add(-48 * time.Hour), Value: x.days}}
		}
		r := zfsReading(t, "scrub", a)
		if r.Status.String() != x.status || r.Line != x.line || len(r.Metrics) != 1 || math.Abs(r.Metrics[0].Value-x.days-2) > 1e-6 {
			t.Errorf("want %s %q, got %+v", x.status, x.line, r)
		}
	}
	if r := zfsReading(t, "scrub", suiteAnswer(zfsSaidOf("ONLINE", "", zfsDisk, zfsNone, zfsFine)), "limits.scrub = false"); r.Status != actions.OK {
		t.Errorf("without a limit: %+v", r)
	}
}

func TestZfsRoom(t *testing.T) {
	said := zfsSaidOf("ONLINE", "", zfsDisk, zfsNone, zfsFine)
	row := func(used, frag string) actions.Answer {
		return suiteAnswer(strings.Replace(said, "1000\t400\t600\t40\tONLINE\t9", "1000\t"+used+"\t0\t0\tONLINE\t"+frag, 1))
	}
	for _, x := range []struct{ used, frag, limits, status, line string }{
		{"400", "9", "", "ok", "40% of 1.0 KiB used, fragmentation 9%"},
		{"810", "9", "", "warn", "81% of 1.0 KiB used, limit 80 %"},
		{"950", "9", "", "fail", "95% of 1.0 KiB used, limit 90 %"},
		{"400", "61%", "limits.fragmentation = { warn = 60, fail = 80 }", "warn", "fragmentation 61%, limit 60 %"},
		{"400", "-", "limits.fragmentation = { warn = 60, fail = 80 }", "unknown", "its fragmentation is not told"},
		{"400", "-", "", "ok", "40% of 1.0 KiB used"},
		{"-", "9", "", "unknown", "zpool list does not say how full it is: it is ONLINE"},
	} {
		var lines []string
		if x.limits != "" {
			lines = []string{x.limits}
		}
		r := zfsReading(t, "room", row(x.used, x.frag), lines...)
		if r.Status.String() != x.status || !strings.Contains(r.Line, x.line) {
			t.Errorf("%+v: got %+v", x, r)
		}
	}
	a := row("600", "9")
	a.Series = func(item, metric string) []actions.Point {
		if item != "tank" || metric != "capacity" {
			return nil
		}
		at := func(hours int, v float64) actions.Point {
			return actions.Point{At: a.Now.Add(-time.Duration(hours) * time.Hour), Value: v}
		}
		return []actions.Point{at(72, 30), at(48, 40), at(24, 50), at(1, 60)}
	}
	if r := zfsReading(t, "room", a); r.Status != actions.Warn || !strings.Contains(r.Line, "full in ~4 days, limit 7 days") {
		t.Errorf("it fills: %+v", r)
	}
}

func TestZfsSnapshots(t *testing.T) {
	now := suiteAnswer("").Now
	b := inventory.Bound{Warn: 26, Fail: 50}
	for _, x := range []struct{ text, status, line string }{
		{fmt.Sprintf("exit 0\ntank/d@daily\t%d\n", now.Add(-3*time.Hour).Unix()), "ok", "newest snapshot 3 h 0 min ago: daily"},
		{fmt.Sprintf("exit 0\ntank/d@daily\t%d\n", now.Add(-27*time.Hour).Unix()), "warn", "1 d 3 h ago, limit 26 h: daily"},
		{fmt.Sprintf("exit 0\ntank/d@daily\t%d\n", now.Add(-51*time.Hour).Unix()), "fail", "limit 50 h"},
		{"exit 0\n\n", "fail", "it has no snapshot"},
		{"exit 0\ntank/d\t1795210000\n", "unknown", "not understood: tank/d 1795210000"},
		{"exit 0\ntank/d@daily\tlately\n", "unknown", "not understood"},
		{"exit 1\ncannot open 'tank/d': dataset does not exist\n", "fail", "there is no such dataset"},
		{"exit 1\ncannot open 'tank/d': I/O error\n", "unknown", "ZFS does not say (exit 1): cannot open 'tank/d': I/O error"},
		{"", "unknown", "ZFS does not say (nothing)"},
	} {
		rs := zfsSnapshots([]string{"tank/d"}, b, suiteAnswer("== newest tank/d\n"+x.text+"== end\n"))
		if len(rs) != 1 || rs[0].Item != "tank/d" || rs[0].Status.String() != x.status || !strings.Contains(rs[0].Line, x.line) {
			t.Errorf("%q: want %s %q, got %+v", x.text, x.status, x.line, rs)
		}
	}
	if rs := zfsSnapshots([]string{"tank/d"}, b, suiteAnswer("== newest tank/d\nexit 0\ntank/d@x\t1795209999\n")); rs[0].Status != actions.Unknown {
		t.Errorf("half an answer: %+v", rs)
	}
}

// Root is asked only where a plain user may not, and times are asked for in UTC.
func TestZfsAsks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"zpool": "echo \"zpool $# $* $TZ\" >>$ASKED\necho 'Permission denied the ZFS utilities must be run as root.' >&2\nexit 1\n",
		"zfs":   "echo \"zfs $# $* $TZ\" >>$ASKED\nprintf '%s@b\\t1795209000\\n%s@a\\t1795200000\\n' \"${11}\" \"${11}\"\n",
		"sudo":  "echo \"sudo $*\" >>$ASKED\necho 'no pools available'\n",
		"id":    "echo 1000\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("ASKED", filepath.Join(dir, "asked"))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	f, target := suiteTarget(t, zfs, `snapshots = ["tank/d", "tank/my disk"]`)
	checks := zfs.Checks(f, target)
	eachShell(t, func(t *testing.T, shell ...string) {
		for _, x := range []struct {
			check int
			asked string
		}{
			{0, "zpool 4 list -Hp -o name,size,alloc,free,cap,health,frag UTC0\nsudo -n zpool list -Hp -o name,size,alloc,free,cap,health,frag\n" +
				"zpool 2 status -p UTC0\nsudo -n zpool status -p\nzpool 2 status -x UTC0\nsudo -n zpool status -x\n"},
			{3, "zfs 11 list -Hp -d 1 -t snapshot -o name,creation -S creation tank/d UTC0\nzfs 11 list -Hp -d 1 -t snapshot -o name,creation -S creation tank/my disk UTC0\n"},
		} {
			if err := os.RemoveAll(filepath.Join(dir, "asked")); err != nil {
				t.Fatal(err)
			}
			c := checks[x.check]
			c.Script = c.Script.With(map[string]string{"SUDO": "sudo -n"})
			a := runScript(t, c, shell...)
			asked, err := os.ReadFile(filepath.Join(dir, "asked"))
			if err != nil || string(asked) != x.asked {
				t.Errorf("%v: it was asked\n%s\nand should be\n%s\n%s%s", err, asked, x.asked, a.Stdout, a.Stderr)
			}
			a.Now, a.Series = suiteAnswer("").Now, suiteAnswer("").Series
			rs := c.Read(a)
			if x.check == 0 && (len(rs) != 1 || rs[0].Status != actions.Fail || rs[0].Line != "there is no pool: none is imported") {
				t.Errorf("%+v", rs)
			}
		}
	})
}

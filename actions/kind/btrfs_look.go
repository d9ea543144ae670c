package kind

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// btrfsFS is what btrfs/look.sh prints of one file system: what each command
// said, and 0 where it ended well.
type btrfsFS struct {
	at                  string
	stats, usage, scrub string
	exits               [3]string
}

// btrfsRead has a reader judge each file system; where want names a place at
// which none is mounted, that is said too.
func btrfsRead(want []string, a actions.Answer, read func(b btrfsFS, a actions.Answer) actions.Reading) []actions.Reading {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return []actions.Reading{{Status: actions.Unknown, Line: "btrfs is not installed", Next: "apt install btrfs-progs"}}
	}
	parts, ended := linuxParts(a.Stdout)
	mounts, seen := parts["mounts"]
	if !ended || !seen {
		return actions.UnknownReading("no whole answer: %s", orNothing(firstLine(a.Stderr), a.Exit))
	}
	var out []actions.Reading
	var there []string
	for _, written := range strings.Fields(mounts) {
		b := btrfsFS{at: unoctal(written)}
		for i, p := range []struct {
			name string
			to   *string
		}{{"stats ", &b.stats}, {"usage ", &b.usage}, {"scrub ", &b.scrub}} {
			head, text, _ := strings.Cut(parts[p.name+written], "\n")
			b.exits[i], *p.to = strings.TrimPrefix(head, "exit "), text
		}
		there = append(there, b.at)
		r := read(b, a)
		r.Item = b.at
		if r.Status == actions.OK {
			r.Next = ""
		}
		out = append(out, r)
	}
	for _, at := range want {
		if !slices.Contains(there, at) {
			out = append(out, actions.Reading{Item: at, Status: actions.Fail, Line: "no btrfs is mounted there", Next: "findmnt -t btrfs; a file system with several places is named by the shortest"})
		}
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.Fail, Line: "no btrfs is mounted", Next: "findmnt -t btrfs"}}
	}
	return out
}

// btrfsRefused is the reading of a command that did not answer.
func btrfsRefused(said, exit string) actions.Reading {
	r := actions.Reading{Status: actions.Unknown, Line: "btrfs does not say: " + cmp.Or(actions.Line(said), "it printed nothing (exit code "+cmp.Or(exit, "unknown")+")")}
	if needsRoot(said) || strings.Contains(said, "run as root") {
		r.Next = "sudo = true, and the rule of: jurymast kinds btrfs --sudoers"
	}
	return r
}

// btrfsDevices judges what the devices count, and whether one is missing.
// Every version of btrfs device stats writes "[/dev/sda].write_io_errs 0".
func btrfsDevices(b btrfsFS, bound inventory.Bound, a actions.Answer) actions.Reading {
	counts := map[string]float64{}
	devices := map[string]bool{}
	for _, ln := range strings.Split(b.stats, "\n") {
		name, rest, ok := strings.Cut(strings.TrimPrefix(ln, "["), "].")
		f := strings.Fields(rest)
		if !ok || len(f) != 2 {
			continue
		}
		n, err := strconv.ParseUint(f[1], 10, 64)
		if err != nil {
			continue
		}
		devices[name] = true
		if n > 0 {
			counts[name+" "+strings.TrimSuffix(f[0], "_errs")] = float64(n)
		}
	}
	if len(devices) == 0 || b.exits[0] != "0" {
		return btrfsRefused(b.stats, b.exits[0])
	}
	u, ok := btrfsUsage(b.usage)
	r := actions.Reading{Line: fmt.Sprintf("%d devices", len(devices)), Next: "btrfs device stats " + b.at}
	if len(devices) == 1 {
		r.Line = "1 device"
	}
	total := 0.0
	var words []string
	for name, n := range counts {
		total += n
		words = append(words, fmt.Sprintf("%s %.0f", name, n))
	}
	sort.Strings(words)
	r.Status = judge(bound, total)
	if points := a.Series(b.at, "errors"); len(points) > 0 && total > points[0].Value {
		r.Status = actions.Fail
		words = append(words, fmt.Sprintf("%.0f of them in the last %s", total-points[0].Value, span(max(0, a.Now.Sub(points[0].At)))))
	}
	if len(words) > 0 {
		r.Line += ", errors: " + actions.Line(strings.Join(words, ", "))
		r.Next = "look into it, then: btrfs scrub start " + b.at + "; btrfs device stats -z " + b.at
	}
	r.Metrics = []actions.Metric{measured("errors", "", total, bound)}
	missing := ok && u.missing > 0
	for name := range devices {
		missing = missing || strings.HasPrefix(name, "devid:") || strings.Contains(name, "missing")
	}
	switch {
	case missing:
		r.Status, r.Line = actions.Fail, "a device is missing; "+r.Line
		r.Next = "btrfs filesystem show " + b.at + ", then btrfs replace start ID DEVICE " + b.at
	case !ok && r.Status == actions.OK: // whether one is missing, only the usage says
		return btrfsRefused(b.usage, b.exits[1])
	}
	return r
}

// btrfsRoomOf is what btrfs filesystem usage -b tells, in bytes.
type btrfsRoomOf struct {
	size, unallocated, missing float64
	free                       []float64 // unallocated of each device
	several                    string    // what has several profiles; "" for nothing
	paired                     bool      // data or metadata are kept on two devices
	meta                       float64   // use of the metadata in percent, NaN where not told
}

// btrfsUsage reads it. It reports false for half an answer, and for the one
// that a user other than root is given: its numbers are wrong.
func btrfsUsage(text string) (btrfsRoomOf, bool) {
	u := btrfsRoomOf{size: math.NaN(), unallocated: math.NaN(), missing: math.NaN(), meta: math.NaN()}
	section, meta, metaUsed := "", 0.0, 0.0
	number := func(s string) float64 {
		f := strings.Fields(s)
		if len(f) == 0 {
			return math.NaN()
		}
		n, err := strconv.ParseUint(f[0], 10, 64)
		if err != nil {
			return math.NaN()
		}
		return float64(n)
	}
	for _, ln := range strings.Split(text, "\n") {
		if strings.Contains(ln, "run as root") {
			return u, false
		}
		if ln != "" && ln[0] != ' ' && ln[0] != '\t' {
			section = strings.TrimSpace(ln)
			sort, rest, _ := strings.Cut(section, ":")
			what, profile, ok := strings.Cut(sort, ",")
			if !ok {
				continue
			}
			u.paired = u.paired || profile == "RAID1" || profile == "RAID10"
			if what == "Metadata" {
				_, size, _ := strings.Cut(rest, "Size:")
				_, used, _ := strings.Cut(rest, "Used:")
				meta += number(strings.Trim(strings.SplitN(size, ",", 2)[0], " "))
				metaUsed += number(used)
			}
			continue
		}
		k, v, _ := strings.Cut(strings.TrimSpace(ln), ":")
		switch {
		case section == "Unallocated:":
			if f := strings.Fields(ln); len(f) == 2 && f[0] != "missing" {
				u.free = append(u.free, number(f[1]))
			}
		case k == "Device size":
			u.size = number(v)
		case k == "Device unallocated":
			u.unallocated = number(v)
		case k == "Device missing":
			u.missing = number(v)
		case k == "Multiple profiles" && strings.HasPrefix(strings.TrimSpace(v), "yes"):
			u.several = cmp.Or(strings.Trim(strings.TrimPrefix(strings.TrimSpace(v), "yes"), " \t()"), "data")
		}
	}
	if meta > 0 {
		u.meta = 100 * metaUsed / meta
	}
	return u, u.size > 0 && u.unallocated >= 0 && u.missing >= 0 && section == "Unallocated:" && len(u.free) > 0 && !slices.ContainsFunc(u.free, math.IsNaN)
}

// room is how much can still be given out: where two copies are kept on two
// devices, what one device has beyond all others is of no use.
func (u btrfsRoomOf) room() float64 {
	total, most := 0.0, 0.0
	for _, f := range u.free {
		total, most = total+f, max(most, f)
	}
	if u.paired {
		total = min(total, 2*(total-most))
	}
	return max(0, total)
}

func btrfsRoom(b btrfsFS, unallocated, metadata inventory.Bound) actions.Reading {
	u, ok := btrfsUsage(b.usage)
	if !ok || b.exits[1] != "0" {
		return btrfsRefused(b.usage, b.exits[1])
	}
	percent := min(100, 100*u.room()/u.size)
	r := actions.Reading{Status: judge(unallocated, percent), Metrics: []actions.Metric{measured("unallocated", "%", percent, unallocated)}}
	r.Line = fmt.Sprintf("%.0f%% can still be given out, %s%s", percent, bytesWord(u.room()), limitWords(unallocated, r.Status, "%"))
	if r.Status != actions.OK {
		r.Next = "give back what is half empty: btrfs balance start -dusage=50 " + b.at
	}
	if !math.IsNaN(u.meta) {
		r.Line += fmt.Sprintf(", metadata %.0f%% used", u.meta)
		m := actions.Metric{Name: "metadata", Unit: "%", Value: u.meta}
		if r.Status != actions.OK {
			st := judge(metadata, u.meta)
			r.Status = actions.Worst(r.Status, st)
			r.Line += limitWords(metadata, st, "%")
			m = measured("metadata", "%", u.meta, metadata)
		}
		r.Metrics = append(r.Metrics, m)
	}
	if u.several != "" {
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += ", several profiles: " + actions.Line(u.several)
		r.Next = cmp.Or(r.Next, "make it one again: btrfs balance start -dconvert=PROFILE,soft -mconvert=PROFILE,soft "+b.at)
	}
	return r
}

// btrfsScrub judges the last scrub (btrfs scrub status -R, btrfs-progs 5 and 6;
// those before 5.2 write "scrub started at … and finished after …").
func btrfsScrub(b btrfsFS, bound inventory.Bound, now time.Time) actions.Reading {
	text := b.scrub
	if b.exits[2] != "0" || !strings.Contains(text, "uncorrectable_errors") {
		return btrfsRefused(text, b.exits[2])
	}
	r := actions.Reading{Next: "btrfs scrub start " + b.at}
	if strings.Contains(text, "no stats available") {
		if r.Line = "never scrubbed"; !math.IsNaN(bound.Warn) || !math.IsNaN(bound.Fail) {
			r.Status = actions.Warn
		}
		return r
	}
	count := map[string]float64{}
	var status, started string
	for _, ln := range strings.Split(text, "\n") {
		k, v, _ := strings.Cut(strings.TrimSpace(ln), ":")
		v = strings.TrimSpace(v)
		if n, err := strconv.ParseUint(v, 10, 64); err == nil {
			count[k] = float64(n)
		}
		switch {
		case k == "Status":
			status = v
		case k == "Scrub started", k == "Scrub resumed":
			started = v
		case strings.HasPrefix(ln, "\tscrub started at "):
			started, status, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(ln), "scrub started at "), " and ")
			started, _, _ = strings.Cut(started, ",") // "…, running for 00:00:05"
			status, _, _ = strings.Cut(cmp.Or(strings.TrimPrefix(status, "was "), "running"), " ")
		}
	}
	at, err := time.Parse("Mon Jan 2 15:04:05 2006", strings.Join(strings.Fields(started), " "))
	if err != nil {
		r.Status, r.Line = actions.Unknown, "when it was scrubbed is not understood: "+cmp.Or(actions.Line(started), "no time")
		return r
	}
	age := max(0, now.Sub(at))
	switch status {
	case "finished":
		r.Status = judge(bound, age.Hours()/24)
		r.Line = fmt.Sprintf("scrubbed %s ago%s", span(age), limitWords(bound, r.Status, "days"))
		r.Metrics = []actions.Metric{measured("scrub", "days", age.Hours()/24, bound)}
	case "running":
		r.Line = "is being scrubbed for " + span(age)
	case "aborted", "interrupted":
		r.Status, r.Line, r.Next = actions.Warn, fmt.Sprintf("its scrub of %s ago was %s", span(age), status), "btrfs scrub resume "+b.at
	default:
		r.Status, r.Line = actions.Unknown, "btrfs calls its scrub "+cmp.Or(actions.Line(status), "nothing")
	}
	lost := count["uncorrectable_errors"]
	found := count["read_errors"] + count["csum_errors"] + count["verify_errors"] + count["super_errors"]
	switch {
	case lost > 0:
		r.Status = actions.Fail
		r.Line += fmt.Sprintf("; %.0f errors could not be mended", lost)
		r.Next = "the kernel names the files: dmesg | grep -i btrfs; restore them, then: btrfs scrub start " + b.at
	case found > 0:
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += fmt.Sprintf("; it mended %.0f of %.0f errors", count["corrected_errors"], found)
		r.Next = "btrfs device stats " + b.at + " names the device: look into it, then: btrfs scrub start " + b.at
	}
	return r
}

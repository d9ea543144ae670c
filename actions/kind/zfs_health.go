package kind

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Lines of zpool status about scrubs and resilvers, OpenZFS 0.8 to 2.4: a
// sequential resilver names its device in brackets, a thorough scrub is new.
var (
	zfsScrubbed   = regexp.MustCompile(`^(?:thorough )?scrub repaired (\S+) in .+ with (\d+) errors on (.+)$`)
	zfsScrubs     = regexp.MustCompile(`^(?:thorough )?scrub (in progress since|paused since|canceled on) (.+)$`)
	zfsResilvered = regexp.MustCompile(`^resilvered (?:\(.+\) )?\S+ in .+ with (\d+) errors on (.+)$`)
	zfsResilvers  = regexp.MustCompile(`^resilver (?:\(.+\) )?(in progress since|canceled on) (.+)$`)
	zfsDone       = regexp.MustCompile(`([0-9.]+)% done`)
	zfsRepaired   = regexp.MustCompile(`(\S+) repaired,`)
)

// zfsDown are the states in which nobody reads or writes the data of a pool.
var zfsDown = []string{"SUSPENDED", "FAULTED", "UNAVAIL", "OFFLINE", "REMOVED", "SPLIT"}

// zfsTime reads a time as ctime(3) writes it, which zfs/look.sh makes UTC.
func zfsTime(s string) (time.Time, bool) {
	at, err := time.Parse("Mon Jan 2 15:04:05 2006", strings.Join(strings.Fields(s), " "))
	return at, err == nil
}

// zfsHealth judges the state of a pool and of its devices.
func zfsHealth(p zfsPool, bound inventory.Bound, a actions.Answer) actions.Reading {
	r := actions.Reading{Next: "zpool status -v " + p.name, Line: cmp.Or(actions.Line(p.state), "without a state")}
	if p.state == "" || !p.whole || len(p.devices) < 2 && p.odd == "" { // the first is the pool itself
		r.Status, r.Line = actions.Unknown, "zpool status does not say all of it; zpool list calls it "+cmp.Or(actions.Line(p.health), "nothing")
		if slices.Contains(zfsDown, p.health) {
			r.Status = actions.Fail
		}
		return r
	}
	worse := func(s actions.Status, next, format string, args ...any) {
		if next != "" && s.Worse(r.Status) {
			r.Next = next
		}
		r.Status = actions.Worst(r.Status, s)
		r.Line += fmt.Sprintf(format, args...)
	}
	replace := "zpool online " + p.name + " DEVICE where it is back, else zpool replace " + p.name + " DEVICE NEW"
	running, _ := p.resilver(worse)
	switch {
	case p.state == "ONLINE", p.state == "DEGRADED" && running:
	case p.state == "DEGRADED":
		worse(actions.Fail, replace, "")
	case p.state == "SUSPENDED":
		worse(actions.Fail, "bring its devices back, then: zpool clear "+p.name, ": who writes to it waits")
	case slices.Contains(zfsDown, p.state):
		worse(actions.Fail, "bring its devices back; zpool status -v "+p.name, "")
	default:
		worse(actions.Unknown, "", ", which is a state that is not known")
	}
	drives, total, words := p.counted()
	r.Line += fmt.Sprintf(", %d devices", drives)
	if drives == 1 {
		r.Line = strings.TrimSuffix(r.Line, "s")
	}
	for _, d := range p.devices {
		switch {
		case d.section == "spares" && d.state == "AVAIL", d.section != "spares" && d.state == "ONLINE", !d.leaf:
		case d.section == "spares" && d.state == "INUSE":
			worse(actions.Warn, replace+"; the spare goes back by itself, else: zpool detach "+p.name+" "+d.name, ", spare %s is in use", d.name)
		default:
			why := ""
			if d.why != "" {
				why = " (" + d.why + ")"
			}
			worse(actions.Warn, replace, ", %s %s%s", strings.TrimSpace(strings.TrimSuffix(d.section, "s")+" "+d.name), d.state, why)
		}
	}
	if st := judge(bound, total); st != actions.OK || len(words) > 0 {
		worse(st, "look into the drive and its cable, then: zpool scrub "+p.name+"; zpool clear "+p.name, ", errors: %s", actions.Line(strings.Join(words, ", ")))
	}
	if points := a.Series(p.name, "errors"); len(points) > 0 {
		least := points[0]
		for _, x := range points { // zpool clear sets them to none
			if x.Value <= least.Value {
				least = x
			}
		}
		if total > least.Value {
			worse(actions.Fail, "look into the drive and its cable; zpool replace "+p.name+" DEVICE NEW", ", %.0f of them in the last %s", total-least.Value, span(max(0, a.Now.Sub(least.At))))
		}
	}
	r.Metrics = []actions.Metric{measured("errors", "", total, bound)}
	p.lost(worse)
	if p.odd != "" {
		worse(actions.Unknown, "", ", a line is not understood: %s", actions.Line(p.odd))
	}
	if p.health != p.state {
		worse(actions.Unknown, "", ", and zpool list calls it %s", cmp.Or(actions.Line(p.health), "nothing"))
	}
	if r.Status == actions.OK && p.troubled {
		worse(actions.Warn, "", ": %s", cmp.Or(actions.Line(p.status), "zpool status -x does not call it healthy"))
	}
	return r
}

// counted returns how many devices the pool has, how many errors they count, and
// which. Errors of a whole mirror or raidz, that none of its devices has, count.
func (p zfsPool) counted() (drives int, total float64, words []string) {
	whole := 0.0
	word := func(d zfsDevice) {
		for i, name := range []string{"read", "write", "checksum"} {
			if d.errors[i] > 0 {
				words = append(words, fmt.Sprintf("%s %s %.0f", d.name, name, d.errors[i]))
			}
		}
	}
	for _, d := range p.devices {
		if d.section == "spares" {
			continue
		}
		sum := d.errors[0] + d.errors[1] + d.errors[2]
		if d.leaf {
			drives++
			total += sum
			word(d)
		} else {
			whole = max(whole, sum)
		}
	}
	if total == 0 && whole > 0 {
		total = whole
		for _, d := range p.devices {
			word(d)
		}
	}
	return drives, total, words
}

// resilver says of a resilver how it gets on and what it could not mend, and
// returns when it ended, no time where that is not told.
func (p zfsPool) resilver(worse func(s actions.Status, next, format string, args ...any)) (running bool, ended time.Time) {
	for _, s := range p.scans {
		if m := zfsResilvers.FindStringSubmatch(s.what); m != nil && m[1] == "in progress since" {
			running = true
			done := "started"
			if d := zfsDone.FindStringSubmatch(s.more); d != nil {
				done = d[1] + "% done"
			}
			worse(actions.Warn, "zpool status "+p.name, ", is being resilvered, %s", done)
		} else if m := zfsResilvered.FindStringSubmatch(s.what); m != nil {
			if at, ok := zfsTime(m[2]); ok {
				ended = at
			}
			if m[1] != "0" {
				worse(actions.Fail, "zpool status -v "+p.name+" names what is lost; restore it, then: zpool scrub "+p.name, ", its resilver left %s errors", m[1])
			}
		}
	}
	return running, ended
}

// lost judges what is said of data that no copy of could be read.
func (p zfsPool) lost(worse func(s actions.Status, next, format string, args ...any)) {
	restore := "zpool status -v " + p.name + " names the files; restore them, then: zpool scrub " + p.name
	n, rest, _ := strings.Cut(p.errors, " ")
	count, err := strconv.ParseUint(n, 10, 64)
	switch {
	case p.errors == "No known data errors":
	case err == nil && strings.HasPrefix(rest, "data errors"):
		if count > 0 {
			worse(actions.Fail, restore, ", %d data errors: files are lost", count)
		}
	case strings.HasPrefix(p.errors, "Permanent errors"):
		worse(actions.Fail, restore, ", data errors: files are lost")
	case p.state == "ONLINE" || p.errors != "": // a pool that cannot be opened says nothing of its data
		worse(actions.Unknown, "", ", whether data is lost is not told: %s", orNothing(actions.Line(p.errors), 0))
	}
}

// zfsScrub judges the last scrub of a pool.
func zfsScrub(p zfsPool, bound inventory.Bound, a actions.Answer) actions.Reading {
	r := actions.Reading{Next: "zpool scrub " + p.name}
	limited := !math.IsNaN(bound.Warn) || !math.IsNaN(bound.Fail)
	if p.state == "" || !p.whole {
		r.Status, r.Line = actions.Unknown, "zpool status does not say all of it"
		return r
	}
	for _, s := range p.scans {
		if m := zfsScrubbed.FindStringSubmatch(s.what); m != nil {
			return zfsScrubEnded(p, r, m[1], m[2], m[3], bound, a.Now)
		}
		if m := zfsScrubs.FindStringSubmatch(s.what); m != nil {
			return zfsScrubOpen(p, r, m[1], m[2], s.more, a.Now)
		}
		if s.what != "none requested" && !zfsResilvered.MatchString(s.what) && !zfsResilvers.MatchString(s.what) {
			r.Status, r.Line = actions.Unknown, "what it says of its scrub is not understood: "+actions.Line(s.what)
			return r
		}
	}
	resilvered := len(p.scans) > 0 && p.scans[0].what != "none requested"
	if !resilvered && !p.otherScrub {
		if r.Line = "never scrubbed"; limited {
			r.Status = actions.Warn
		}
		return r
	}
	// The place of the last scrub is taken: what was seen before still holds.
	by := "a scrub of known errors alone"
	if resilvered {
		by = "a resilver"
	}
	if points := a.Series(p.name, "scrub"); len(points) > 0 {
		last := points[len(points)-1]
		days := max(0, last.Value+a.Now.Sub(last.At).Hours()/24)
		r.Status = judge(bound, days)
		r.Line = fmt.Sprintf("scrubbed %.0f days ago%s, %s came behind", days, limitWords(bound, r.Status, "days"), by)
		r.Metrics = []actions.Metric{measured("scrub", "days", days, bound)}
		return r
	}
	r.Line = "when it was scrubbed is not told: " + by + " came behind"
	if limited {
		r.Status = actions.Unknown
		if _, ended := p.resilver(func(actions.Status, string, string, ...any) {}); !ended.IsZero() {
			r.Status = actions.Worst(r.Status, judge(bound, a.Now.Sub(ended).Hours()/24))
			r.Line += ", " + span(max(0, a.Now.Sub(ended))) + " ago"
		}
	}
	return r
}

// zfsScrubEnded judges a scrub that went to its end.
func zfsScrubEnded(p zfsPool, r actions.Reading, repaired, errors, on string, bound inventory.Bound, now time.Time) actions.Reading {
	at, ok := zfsTime(on)
	if !ok {
		r.Status, r.Line = actions.Unknown, "when it was scrubbed is not understood: "+actions.Line(on)
		return r
	}
	age := max(0, now.Sub(at))
	r.Status = judge(bound, age.Hours()/24)
	r.Line = fmt.Sprintf("scrubbed %s ago%s", span(age), limitWords(bound, r.Status, "days"))
	r.Metrics = []actions.Metric{measured("scrub", "days", age.Hours()/24, bound)}
	return zfsFound(p, r, repaired, errors)
}

// zfsScrubOpen judges a scrub that runs, waits or was broken off.
func zfsScrubOpen(p zfsPool, r actions.Reading, how, when, more string, now time.Time) actions.Reading {
	at, ok := zfsTime(when)
	if !ok {
		r.Status, r.Line = actions.Unknown, "the time of its scrub is not understood: "+actions.Line(when)
		return r
	}
	age := span(max(0, now.Sub(at)))
	done := ""
	if d := zfsDone.FindStringSubmatch(more); d != nil {
		done = ", " + d[1] + "% done"
	}
	switch how {
	case "in progress since":
		r.Line = "is being scrubbed for " + age + done
	case "paused since":
		r.Status, r.Line = actions.Warn, "its scrub is paused for "+age+done
	default:
		r.Status, r.Line = actions.Warn, "its scrub was canceled "+age+" ago"
	}
	if m := zfsRepaired.FindStringSubmatch(more); m != nil {
		return zfsFound(p, r, m[1], "0")
	}
	return r
}

// zfsFound adds what a scrub mended and could not mend.
func zfsFound(p zfsPool, r actions.Reading, repaired, errors string) actions.Reading {
	switch {
	case strings.Trim(errors, "0") != "":
		r.Status = actions.Fail
		r.Line += fmt.Sprintf("; %s errors could not be mended", errors)
		r.Next = "zpool status -v " + p.name + " names the files; restore them, then: zpool scrub " + p.name
	case repaired != "0B" && repaired != "0":
		r.Status = actions.Worst(r.Status, actions.Warn)
		r.Line += "; it mended " + repaired
		r.Next = "find the drive that counts errors: zpool status " + p.name
	}
	return r
}

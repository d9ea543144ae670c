package kind

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var host = actions.Kind{
	Name: "host",
	Doc:  "Any machine that answers SSH and has a POSIX shell.",
	About: `The least that can be asked of a machine: how long it is up and what it runs, its load, how full its root file
system is, and its clock. It needs sh, uname, date and df; on Linux it reads /proc, on FreeBSD, OPNsense and
their kin it asks sysctl. What a system does not tell reads as unknown only where it is what was asked for.

For Linux machines the kind linux sees far more.`,
	Levels: []inventory.Level{inventory.LevelNode, inventory.LevelVM},
	Limits: []inventory.Limit{
		{Name: "load", Unit: "", Warn: 1.5, Fail: 4, Doc: "load of the last five minutes for each processor"},
		{Name: "disk", Unit: "%", Warn: 85, Fail: 95, Doc: "use of the root file system"},
		{Name: "clock", Unit: "s", Warn: 5, Fail: 60, Doc: "how far its clock is from that of the console's machine"},
	},
	Checks: func(_ *inventory.Fleet, t inventory.Target) []actions.Check {
		s := script("host/look.sh", nil)
		check := func(id, title string, read func(hostFacts, actions.Answer) actions.Reading) actions.Check {
			return actions.Check{ID: id, Title: title, Script: s, Read: func(a actions.Answer) []actions.Reading {
				f, why := hostParse(a.Output)
				if why != "" {
					return actions.UnknownReading("%s", why)
				}
				return []actions.Reading{read(f, a)}
			}}
		}
		return []actions.Check{
			check("up", "up and running", func(f hostFacts, _ actions.Answer) actions.Reading { return hostUp(f) }),
			check("load", "load", func(f hostFacts, _ actions.Answer) actions.Reading { return hostLoad(f, boundOf(t, "load")) }),
			check("disk", "root file system", func(f hostFacts, _ actions.Answer) actions.Reading { return hostDisk(f, boundOf(t, "disk")) }),
			check("clock", "clock", func(f hostFacts, a actions.Answer) actions.Reading { return hostClock(f, a, boundOf(t, "clock")) }),
		}
	},
	Unmarked: "of any machine it reads what there is",
	Proved:   map[string]actions.Ground{"look": actions.Real},
}

// hostFacts is what a machine said of itself. NaN and "" stand for what it did
// not say.
type hostFacts struct {
	system string // "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64 x86_64"
	up     float64
	load   float64
	cores  float64
	now    float64
	used   float64 // percent of the root file system
	free   float64 // bytes
	df     string  // what df said instead
}

func hostParse(o actions.Output) (hostFacts, string) {
	nan := math.NaN()
	f := hostFacts{up: nan, load: nan, cores: nan, now: nan, used: nan, free: nan}
	said := map[string]string{}
	for _, line := range strings.Split(string(o.Stdout), "\n") {
		if k, v, ok := strings.Cut(line, "="); ok && !strings.ContainsAny(k, " /") {
			said[k] = strings.TrimSpace(v)
			continue
		}
		f.disk(line)
	}
	if said["kernel"] == "" {
		return f, "it did not say what it is: " + orNothing(firstLine(o.Stderr), o.Exit)
	}
	f.system = strings.TrimSpace(said["kernel"] + " " + said["release"] + " " + said["machine"])
	if name := strings.Trim(said["PRETTY_NAME"], `"'`); name != "" {
		f.system = name + ", " + f.system
	}
	f.now = hostNumber(said["now"])
	f.cores = hostNumber(said["cores"])
	if f.up = hostNumber(said["uptime"]); math.IsNaN(f.up) {
		f.up = f.now - hostBoot(said["boottime"])
	}
	// "0.10 0.20 0.30", or with braces around it on FreeBSD.
	if loads := strings.Fields(strings.Trim(said["load"], "{} ")); len(loads) == 3 {
		f.load = hostNumber(loads[1])
	}
	return f, ""
}

// disk reads the row of df -Pk: device, KiB, used, available, capacity, mount.
func (f *hostFacts) disk(line string) {
	w := strings.Fields(line)
	if len(w) == 0 || w[0] == "Filesystem" {
		return
	}
	n := len(w)
	if n < 6 || !strings.HasSuffix(w[n-2], "%") {
		f.df = actions.Line(line)
		return
	}
	used, free := hostNumber(strings.TrimSuffix(w[n-2], "%")), hostNumber(w[n-3])*1024
	if math.IsNaN(used) || math.IsNaN(free) {
		f.df = actions.Line(line)
		return
	}
	f.used, f.free = used, free
}

// hostBoot reads when a BSD booted: "{ sec = 1731900000, usec = 0 } Mon …" of
// FreeBSD, or the bare seconds.
func hostBoot(s string) float64 {
	if _, rest, ok := strings.Cut(s, "sec = "); ok {
		s, _, _ = strings.Cut(rest, ",")
	}
	return hostNumber(s)
}

func hostNumber(s string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsInf(v, 0) || math.Abs(v) > 1e15 {
		return math.NaN()
	}
	return v
}

// orNothing is what a command said, or that it said nothing and how it ended.
func orNothing(said string, exit int) string {
	if said != "" {
		return said
	}
	return fmt.Sprintf("it printed nothing (exit code %d)", exit)
}

func hostUp(f hostFacts) actions.Reading {
	if math.IsNaN(f.up) || f.up < 0 || f.up > math.MaxInt64/float64(time.Second) {
		return actions.Reading{Status: actions.OK, Line: "up, it does not say since when; " + f.system}
	}
	return actions.Reading{
		Line:    fmt.Sprintf("up %s; %s", span(time.Duration(f.up*float64(time.Second))), f.system),
		Metrics: []actions.Metric{{Name: "uptime", Value: f.up, Unit: "s"}},
	}
}

func hostLoad(f hostFacts, b inventory.Bound) actions.Reading {
	if math.IsNaN(f.load) {
		return actions.Reading{Status: actions.Unknown, Line: "it does not say its load"}
	}
	if math.IsNaN(f.cores) || f.cores < 1 {
		return actions.Reading{Line: fmt.Sprintf("load %.2f in 5 min, not judged: it does not say how many processors it has", f.load),
			Metrics: []actions.Metric{{Name: "load5", Value: f.load}}}
	}
	each := f.load / f.cores
	s := judge(b, each)
	return actions.Reading{Status: s,
		Line:    fmt.Sprintf("load %.2f in 5 min, %.2f for each of %.0f processors%s", f.load, each, f.cores, limitWords(b, s, "")),
		Metrics: []actions.Metric{measured("load", "", each, b), {Name: "load5", Value: f.load}}}
}

func hostDisk(f hostFacts, b inventory.Bound) actions.Reading {
	if math.IsNaN(f.used) {
		why := f.df
		if why == "" {
			why = "df printed nothing"
		}
		return actions.Reading{Status: actions.Unknown, Line: "use of / is not known: " + why}
	}
	s := judge(b, f.used)
	return actions.Reading{Status: s, Item: "/",
		Line:    fmt.Sprintf("%.0f %% used, %.1f GiB free%s", f.used, f.free/(1<<30), limitWords(b, s, "%")),
		Metrics: []actions.Metric{measured("used", "%", f.used, b), {Name: "free", Value: f.free, Unit: "B"}}}
}

// hostClock compares clocks. The answer was made at some time of the trip, and
// date counts whole seconds: what can come of that is not held against it.
func hostClock(f hostFacts, a actions.Answer, b inventory.Bound) actions.Reading {
	if math.IsNaN(f.now) {
		return actions.Reading{Status: actions.Unknown, Line: "it does not say what time it is"}
	}
	here := float64(a.Now.UnixMilli()) / 1000
	early, late := here-a.Took.Seconds()-1, here
	off := 0.0
	switch {
	case f.now < early:
		off = f.now - early
	case f.now > late:
		off = f.now - late
	}
	s := judge(b, math.Abs(off))
	r := actions.Reading{Status: s, Metrics: []actions.Metric{measured("clock", "s", math.Abs(off), b)}}
	there := time.Unix(int64(f.now), 0).UTC().Format("2006-01-02 15:04 UTC")
	switch {
	case off == 0:
		r.Line = "its clock is right to the second"
	case math.Abs(off) < 3600:
		r.Line = fmt.Sprintf("its clock is %.0f s %s%s", math.Abs(off), aheadOrBehind(off), limitWords(b, s, "s"))
	default:
		r.Line = fmt.Sprintf("its clock is %s: it says %s%s", aheadOrBehind(off), there, limitWords(b, s, "s"))
	}
	if s != actions.OK {
		r.Next = "see whether time synchronisation runs there, and here"
	}
	return r
}

func aheadOrBehind(off float64) string {
	if off > 0 {
		return "ahead"
	}
	return "behind"
}

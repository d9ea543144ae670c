package kind

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// bareosEnds are the letters of a run that has come to an end, and what they
// mean (Bareos, core/src/include/job_status.h).
var bareosEnds = map[string]string{
	"T": "well", "W": "with warnings", "E": "with errors", "e": "with errors", "f": "with a fatal error",
	"A": "cancelled", "I": "incomplete", "D": "with differences",
}

// bareosGoing are the letters of a run that has not ended.
const bareosGoing = "CRBFSmMsjcdtpqLlai"

// good reports whether a run has copied all that it was to copy, and says what
// speaks against it where not. A letter is not believed by itself.
func (r bareosRun) good() (bool, string) {
	switch {
	case r.status == "T" && r.errors == 0 && r.missing == 0 && (r.files > 0 || r.level != "F"):
		return true, ""
	case r.status != "T":
		return false, "ended " + bareosEnds[r.status]
	case r.errors > 0 || r.missing > 0:
		return false, fmt.Sprintf("is called well, with %d errors and %d files missing", r.errors, r.missing)
	}
	return false, "is called well, and is a full one without a file"
}

// judgeJobs reads each job by its newest run that has ended and its newest good
// one.
func (d bareosSaid) judgeJobs(want, ignore []string, days int64, age inventory.Bound) []actions.Reading {
	names := want
	if len(names) == 0 {
		names = d.jobs
	}
	var out []actions.Reading
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if slices.Contains(ignore, name) {
			continue
		}
		r := d.judgeJob(name, days, age)
		r.Item = actions.Line(name)
		out = append(out, r)
	}
	if len(out) == 0 {
		return actions.UnknownReading("the director names no job of type backup")
	}
	return out
}

func (d bareosSaid) judgeJob(name string, days int64, age inventory.Bound) actions.Reading {
	if !slices.Contains(d.jobs, name) {
		return actions.Reading{Status: actions.Fail, Line: "the director has no such job of type backup"}
	}
	var last, good *bareosRun
	going := ""
	for i, r := range d.runs {
		if r.job != name {
			continue
		}
		if bareosEnds[r.status] == "" {
			if r.status == "" || !strings.Contains(bareosGoing, r.status) {
				return actions.Reading{Status: actions.Unknown, Line: fmt.Sprintf("run %s is in state %q, which is not known here", r.id, r.status)}
			}
			going = "; run " + r.id + " has not ended"
			continue
		}
		if last == nil || r.at.After(last.at) {
			last = &d.runs[i]
		}
		if ok, _ := r.good(); ok && (good == nil || r.at.After(good.at)) {
			good = &d.runs[i]
		}
	}
	if last == nil {
		return actions.Reading{Status: actions.Fail, Line: fmt.Sprintf("no run has ended in the last %d days%s", days, going), Next: "run job=" + name + " in bconsole, and see its schedule"}
	}
	_, why := last.good()
	if good == nil {
		return actions.Reading{Status: actions.Fail, Line: fmt.Sprintf("no good run in the last %d days; run %s %s%s", days, last.id, why, going), Next: "list joblog jobid=" + last.id + " in bconsole"}
	}
	hours := d.now.Sub(good.began).Hours()
	if hours < -2.0/60 { // more than clocks may be apart
		return actions.Reading{Status: actions.Unknown, Line: "run " + good.id + " lies in the future: the clocks of the catalogue and of the host are apart"}
	}
	s := judge(age, hours)
	r := actions.Reading{Status: s, Metrics: []actions.Metric{measured("age", "h", max(hours, 0), age)}}
	r.Line = fmt.Sprintf("run %s was good %s ago, %d files%s", good.id, span(max(d.now.Sub(good.began), 0).Round(time.Second)), good.files, limitWords(age, s, "h"))
	if why != "" {
		// Warnings leave a copy of which something may be missing; all else none.
		bad := actions.Fail
		if last.status == "T" || last.status == "W" {
			bad = actions.Warn
		}
		r.Status = actions.Worst(s, bad)
		r.Line = "run " + last.id + " " + why + "; " + r.Line
		r.Next = "list joblog jobid=" + last.id + " in bconsole"
	}
	r.Line += going
	return r
}

// judgeWaiting reads how long runs wait for something.
func (d bareosSaid) judgeWaiting(limit inventory.Bound) []actions.Reading {
	var out []actions.Reading
	for _, id := range slices.Sorted(maps.Keys(d.waits)) {
		r := actions.Reading{Item: "run " + id, Next: "status director in bconsole"}
		i := slices.IndexFunc(d.runs, func(r bareosRun) bool { return r.id == id })
		if i < 0 {
			r.Status, r.Line = actions.Unknown, "it is "+d.waits[id]+"; since when is not known"
			out = append(out, r)
			continue
		}
		took := max(d.now.Sub(d.runs[i].at), 0)
		r.Status = judge(limit, took.Minutes())
		r.Line = fmt.Sprintf("%s is %s, %s after it began%s", actions.Line(d.runs[i].job), d.waits[id], span(took), limitWords(limit, r.Status, "min"))
		r.Metrics = []actions.Metric{measured("waiting", "min", took.Minutes(), limit)}
		if r.Status == actions.OK {
			r.Next = ""
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no run waits"}}
	}
	return out
}

// judgeVolumes reads the state of the volumes of the catalogue.
func (d bareosSaid) judgeVolumes() []actions.Reading {
	known := []string{"Append", "Full", "Used", "Purged", "Recycle", "Archive", "Cleaning", "Read-Only", "Disabled", "Busy", "Scratch"}
	count := map[string]int{}
	var out []actions.Reading
	for _, name := range slices.Sorted(maps.Keys(d.volumes)) {
		switch s := d.volumes[name]; {
		case s == "Error":
			out = append(out, actions.Reading{Item: name, Status: actions.Fail, Line: "the volume is in error: what is on it may be lost", Next: "see the log of the run that wrote it last, and list jobs volume=" + name})
		case slices.Contains(known, s):
			count[s]++
		default:
			out = append(out, actions.Reading{Item: name, Status: actions.Unknown, Line: "the volume's state is " + orDefault(s, "not told") + ", which is not known here"})
		}
	}
	if len(d.volumes) == 0 {
		return []actions.Reading{{Status: actions.Unknown, Line: "the catalogue names no volume: nothing was ever written", Next: "list volumes in bconsole"}}
	}
	var words []string
	for _, s := range slices.Sorted(maps.Keys(count)) {
		words = append(words, fmt.Sprintf("%d %s", count[s], s))
	}
	if len(words) > 0 {
		out = append(out, actions.Reading{Status: actions.OK, Line: "volumes: " + strings.Join(words, ", ")})
	}
	return out
}

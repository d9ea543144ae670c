package kind

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
)

// proxmoxTask is an entry of /nodes/NODE/tasks, a task that has ended. Status
// is what its log came to: "OK", "WARNINGS: 2", or what went wrong ("job
// errors" of a backup of which some guests failed).
type proxmoxTask struct {
	UPID, Type, ID, Status string
	StartTime, EndTime     proxmoxNumber
}

var proxmoxWarnings = regexp.MustCompile(`^WARNINGS: [0-9]+$`)

// verdict is what a task came to. A node that lost power leaves a task that
// nobody wrote an end of: "unexpected status".
func (t proxmoxTask) verdict() actions.Status {
	switch {
	case t.Status == "OK":
		return actions.OK
	case proxmoxWarnings.MatchString(t.Status):
		return actions.Warn
	case t.Status == "", t.Status == "unexpected status", t.Status == "unknown":
		return actions.Unknown
	}
	return actions.Fail
}

// dumps judges the newest backup of each guest that was copied by itself, and
// the jobs of several guests. Tasks come newest first, and are sorted all the
// same.
func (s proxmoxSaid) dumps(window time.Duration) []actions.Reading {
	var all []proxmoxTask
	if why := s.list("dumps", "its backup tasks", &all); why != nil {
		return why
	}
	if len(all) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "this node has made no backup that it remembers"}}
	}
	slices.SortStableFunc(all, func(a, b proxmoxTask) int { return int(min(max(b.StartTime-a.StartTime, -1), 1)) })
	var out []actions.Reading
	seen := map[string]bool{}
	for _, t := range all {
		if t.StartTime <= 0 {
			return []actions.Reading{{Status: actions.Unknown, Line: "Proxmox VE tells of a backup task, and not when it began", Next: "pvenode task list --typefilter vzdump"}}
		}
		// Two jobs of several guests cannot be told apart: a failure of one
		// is told of for a while although the other was well since.
		recent := t.ID == "" && s.since(t.StartTime) <= window
		if seen[t.ID] && !recent {
			continue
		}
		newest := !seen[t.ID]
		seen[t.ID] = true
		v := t.verdict()
		if v == actions.OK || !newest && v != actions.Fail {
			continue
		}
		item := "several"
		if t.ID != "" {
			item = actions.Line(t.ID)
		}
		r := actions.Reading{Item: item, Status: v, Line: actions.Line(fmt.Sprintf("backup %s ago: %s", span(s.since(t.StartTime)), orDefault(t.Status, "how it ended is not said"))),
			Next: "pvenode task log " + actions.Line(t.UPID)}
		if i := slices.IndexFunc(out, func(x actions.Reading) bool { return x.Item == item }); i < 0 {
			out = append(out, r)
		} else if v.Worse(out[i].Status) {
			out[i] = r
		}
	}
	head := actions.Reading{Metrics: []actions.Metric{{Name: "age", Value: s.since(all[0].StartTime).Seconds(), Unit: "s"}}}
	head.Line = fmt.Sprintf("newest backup task %s ago", span(s.since(all[0].StartTime)))
	if len(out) == 0 {
		head.Line += ", all are well"
	}
	return append([]actions.Reading{head}, out...)
}

// proxmoxQuiet are types of tasks whose failure is none: a console that was
// closed, and a refresh of package lists without a subscription.
var proxmoxQuiet = []string{"vncproxy", "vncshell", "spiceproxy", "spiceshell", "termproxy", "aptupdate", "vzdump"}

// failed tells of other tasks that failed lately: one reading a type and guest.
func (s proxmoxSaid) failed(window time.Duration) []actions.Reading {
	var all []proxmoxTask
	if why := s.list("failed", "its failed tasks", &all); why != nil {
		return why
	}
	var out []actions.Reading
	for _, t := range all {
		if t.Type == "" {
			return actions.UnknownReading("a task without a type is told of")
		}
		if t.StartTime <= 0 {
			return actions.UnknownReading("a task without a time is told of: %s", actions.Line(strings.TrimSuffix(t.Type+"/"+t.ID, "/")))
		}
		// One with warnings has done what it was to do.
		v := t.verdict()
		if slices.Contains(proxmoxQuiet, t.Type) || s.since(t.StartTime) > window || v == actions.OK || v == actions.Warn {
			continue
		}
		item := actions.Line(strings.TrimSuffix(t.Type+"/"+t.ID, "/"))
		if slices.ContainsFunc(out, func(x actions.Reading) bool { return x.Item == item }) {
			continue // the newest of them stands for all
		}
		out = append(out, actions.Reading{Item: item, Status: actions.Warn, Line: actions.Line(fmt.Sprintf("failed %s ago: %s", span(s.since(t.StartTime)), orDefault(t.Status, "how it ended is not said"))),
			Next: "pvenode task log " + actions.Line(t.UPID)})
	}
	if len(out) == 0 {
		return []actions.Reading{{Status: actions.OK, Line: "no task failed in the last " + span(window)}}
	}
	return out
}

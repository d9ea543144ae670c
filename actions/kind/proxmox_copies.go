package kind

import (
	"fmt"
	"slices"
	"strings"

	"jurymast/actions"
	"jurymast/inventory"
)

// proxmoxCopy is an entry of /nodes/NODE/storage/STORAGE/content: a copy of a
// guest. One without a size is not finished. State is what a Proxmox Backup
// Server found when it last read the copy: "ok" or "failed".
type proxmoxCopy struct {
	VolID             string
	VMID, CTime, Size proxmoxNumber
	Verification      struct{ State string }
}

// copies judges the newest copy of a guest in all storages, or in those named.
func (s proxmoxSaid) copies(id string, only []string, b inventory.Bound) []actions.Reading {
	table, ok := s.parts["storages"]
	if !ok || table.code != 0 {
		return actions.UnknownReading("it does not list its storages: %s", orNothing(lastLine(table.text), table.code))
	}
	if !strings.HasPrefix(table.text, "Name ") {
		return actions.UnknownReading("what it lists of its storages is not understood: %s", orNothing(actions.Line(table.text), 0))
	}
	var seen, silent []string // storages that were listed, and that were not
	var newest proxmoxCopy
	var place string
	count := 0
	for _, row := range strings.Split(table.text, "\n")[1:] {
		w := strings.Fields(row)
		if len(w) < 3 || len(only) > 0 && !slices.Contains(only, w[0]) || w[2] == "disabled" {
			continue
		}
		var all []proxmoxCopy
		if w[2] != "active" || s.list("copies/"+w[0], "the copies in "+w[0], &all) != nil {
			silent = append(silent, w[0])
			continue
		}
		seen = append(seen, w[0])
		for _, c := range all {
			if (proxmoxResource{VMID: c.VMID}).id() != id || c.CTime <= 0 || c.Size <= 0 {
				continue
			}
			count++
			if c.CTime > newest.CTime {
				newest, place = c, w[0]
			}
		}
	}
	for _, n := range only {
		if !slices.Contains(seen, n) && !slices.Contains(silent, n) {
			silent = append(silent, n)
		}
	}
	return []actions.Reading{s.newest(newest, place, count, seen, silent, b)}
}

func (s proxmoxSaid) newest(c proxmoxCopy, place string, count int, seen, silent []string, b inventory.Bound) actions.Reading {
	notSeen := ""
	if len(silent) > 0 {
		notSeen = "; not to be seen: " + strings.Join(silent, ", ")
	}
	var r actions.Reading
	switch {
	case len(seen)+len(silent) == 0:
		return actions.Reading{Status: actions.Unknown, Line: "no storage of this node takes copies", Next: "let a storage hold backups, or set the limit copy to false"}
	case len(seen) == 0:
		return actions.Reading{Status: actions.Unknown, Line: actions.Line("no storage can be seen: " + strings.Join(silent, ", ")), Next: "pvesm status"}
	case count == 0:
		r = actions.Reading{Status: actions.Fail, Line: "no copy exists in " + strings.Join(seen, ", ") + notSeen}
		if b.Warn != b.Warn && b.Fail != b.Fail { // both are switched off
			r.Status = actions.OK
		}
	default:
		age := s.since(c.CTime)
		r = bounded("", fmt.Sprintf("%s old, %.1f GiB in %s; %d are kept%s", span(age), float64(c.Size)/(1<<30), place, count, notSeen), "copy", "h", age.Hours(), b)
		r.Metrics = append(r.Metrics, actions.Metric{Name: "size", Value: float64(c.Size), Unit: "B"}, actions.Metric{Name: "copies", Value: float64(count)})
	}
	if r.Status != actions.OK {
		r.Next = "see the log of its backup job, or make one: vzdump"
		if len(silent) > 0 {
			// A newer one may lie where nobody can look.
			r.Status, r.Next = actions.Unknown, "pvesm status"
		}
	}
	switch c.Verification.State {
	case "", "ok":
	case "failed":
		r.Status, r.Line, r.Next = actions.Fail, "found broken when it was read: "+r.Line, "make another, and look at the disks of that server"
	default:
		r.Status, r.Line = actions.Worst(r.Status, actions.Unknown), r.Line+"; verification: "+c.Verification.State
		r.Next = "see the copy at its Proxmox Backup Server"
	}
	r.Line = actions.Line(r.Line)
	return r
}

package kind

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// linuxLocal returns the file systems to judge: each device once, by the
// shortest of the places where it is mounted.
func linuxLocal(v linuxVitals) []linuxMount {
	best := map[string]linuxMount{}
	for _, m := range v.mounts {
		old, seen := best[m.device]
		if !seen || len(m.at) < len(old.at) {
			best[m.device] = m
		}
	}
	var out []linuxMount
	for _, m := range v.mounts {
		if best[m.device] == m && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

func linuxDisks(v linuxVitals, a actions.Answer, b, fill inventory.Bound) []actions.Reading {
	var out []actions.Reading
	for _, m := range linuxLocal(v) {
		u, ok := v.blocks[m.at]
		if !ok || math.IsNaN(u.percent) {
			out = append(out, actions.Reading{Item: m.at, Status: actions.Unknown, Line: "df says nothing of it"})
			continue
		}
		st := judge(b, u.percent)
		r := actions.Reading{
			Item: m.at, Status: st,
			Line: fmt.Sprintf("%.0f%% used, %s free", u.percent, bytesWord(u.free*1024)),
			Metrics: []actions.Metric{
				measured(actions.MetricUsed, "%", u.percent, b),
				{Name: actions.MetricTaken, Unit: "B", Value: u.used * 1024}, {Name: actions.MetricSize, Unit: "B", Value: u.size * 1024},
			},
		}
		limit := limitWords(b, st, "%")
		if days, ok := fullIn(a.Series(m.at, actions.MetricUsed), u.percent, a.Now); ok {
			f := judge(fill, days)
			r.Status = actions.Worst(r.Status, f)
			r.Line += fmt.Sprintf("; full in ~%.0f days%s", days, limitWords(fill, f, "days"))
			r.Metrics = append(r.Metrics, measured("fill", "days", days, fill))
			limit = strings.Replace(limit, ", ", "; ", 1) // of the use, and not of the days
		}
		r.Line += limit
		if linuxTurnedReadOnly(v, m) {
			r.Status = actions.Fail
			r.Line = "turned read-only; " + r.Line
			r.Next = "the kernel says why: dmesg | grep -i -e remount -e error"
		} else if r.Status != actions.OK {
			r.Next = "what fills it: du -xh " + m.at + " | sort -h | tail"
		}
		out = append(out, r)
	}
	return out
}

func linuxInodes(v linuxVitals, b inventory.Bound) []actions.Reading {
	var out []actions.Reading
	for _, m := range linuxLocal(v) {
		u, ok := v.inodes[m.at]
		if !ok || u.size == 0 || math.IsNaN(u.percent) {
			continue // btrfs and others make them as they need them
		}
		st := judge(b, u.percent)
		out = append(out, actions.Reading{
			Item: m.at, Status: st, Line: fmt.Sprintf("%.0f%% of the inodes used%s", u.percent, limitWords(b, st, "%")),
			Metrics: []actions.Metric{measured("used", "%", u.percent, b)},
		})
	}
	return out
}

// linuxTurnedReadOnly reports whether a file system is mounted read-only
// although fstab wants to write to it, as the kernel does after an error
// (errors=remount-ro).
func linuxTurnedReadOnly(v linuxVitals, m linuxMount) bool {
	if !slices.Contains(strings.Split(m.options, ","), "ro") {
		return false
	}
	for _, ln := range strings.Split(v.fstab, "\n") {
		f := strings.Fields(ln)
		if len(f) >= 4 && unoctal(f[1]) == m.at {
			return !slices.Contains(strings.Split(f[3], ","), "ro")
		}
	}
	// Not in fstab: an option that says what to do about errors was meant for
	// writing.
	return strings.Contains(m.options, "errors=remount-ro")
}

// fillMost is the most days of which it is said that a file system will be
// full: beyond that it says nothing.
const fillMost = 365.0

// fullIn foretells in how many days a use in percent reaches 100, from its own
// history ([actions.Slope]). It says nothing when the use does not grow.
func fullIn(points []actions.Point, now float64, at time.Time) (days float64, ok bool) {
	slope, ok := actions.Slope(points, at)
	if !ok || slope <= 0 || now >= 100 {
		return 0, false
	}
	days = (100 - now) / slope
	return days, days <= fillMost
}

// linuxArrays reads /proc/mdstat: which members of each array are there
// ("[UU_]"), and how far a repair is.
func linuxArrays(s string) []actions.Reading {
	var out []actions.Reading
	lines := strings.Split(s, "\n")
	for i, ln := range lines {
		name, rest, ok := strings.Cut(ln, " : ")
		if !ok || !strings.HasPrefix(name, "md") {
			continue
		}
		r := actions.Reading{Item: name}
		f := strings.Fields(rest)
		body := strings.Join(lines[i+1:min(i+4, len(lines))], "\n")
		if next := strings.Index(body, "\nmd"); next >= 0 {
			body = body[:next]
		}
		if mdContainer(body) {
			continue
		}
		members, found := mdMembers(body)
		failed := strings.Count(rest, "(F)")
		switch {
		case len(f) > 0 && f[0] == "inactive":
			r.Status, r.Line = actions.Fail, "inactive: its members do not make an array"
		case len(f) == 0 || f[0] != "active":
			r.Status, r.Line = actions.Unknown, "/proc/mdstat says: "+actions.Line(rest)
		case found && strings.Contains(members, "_"):
			r.Status = actions.Fail
			r.Line = fmt.Sprintf("degraded: %d of %d members [%s]", strings.Count(members, "U"), len(members), members)
		case failed > 0:
			r.Status, r.Line = actions.Warn, fmt.Sprintf("all members there, %d failed one not yet removed", failed)
		case found:
			r.Status, r.Line = actions.OK, fmt.Sprintf("all %d members [%s]", len(members), members)
		default: // raid0 and linear have no redundancy to tell of
			r.Status, r.Line = actions.OK, "active"
		}
		if repair := mdRepair(body); repair != "" {
			r.Line += "; " + repair
		}
		if r.Status != actions.OK {
			r.Next = "mdadm --detail /dev/" + name
		}
		out = append(out, r)
	}
	return out
}

// mdContainer reports whether an array is only the container of others, with
// metadata of a firmware (imsm, ddf): it is always inactive, and what it holds
// has lines of its own. Of those, external names the container: "/md127/0"
// (md(4), EXTERNAL METADATA).
func mdContainer(body string) bool {
	_, meta, ok := strings.Cut(body, "super external:")
	return ok && !strings.HasPrefix(meta, "/")
}

// mdMembers returns the letters of "[UU_]": one a member, _ for one missing.
func mdMembers(body string) (string, bool) {
	for _, f := range strings.Fields(body) {
		in, ok := strings.CutPrefix(f, "[")
		if in, ok2 := strings.CutSuffix(in, "]"); ok && ok2 && in != "" && strings.Trim(in, "U_") == "" {
			return in, true
		}
	}
	return "", false
}

// mdRepair returns what goes on: "recovery 12.6%, 8 min left".
func mdRepair(body string) string {
	for _, ln := range strings.Split(body, "\n") {
		for _, word := range []string{"recovery", "resync", "reshape", "check"} {
			if i := strings.Index(ln, word); i >= 0 {
				f := strings.Fields(strings.ReplaceAll(ln[i:], "=", " "))
				if len(f) >= 2 && strings.HasSuffix(f[1], "%") {
					return word + " " + f[1]
				}
				return word + " " + strings.Trim(strings.Join(f[1:], " "), "= ")
			}
		}
	}
	return ""
}

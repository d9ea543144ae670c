package kind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

var systemd = actions.Kind{
	Name: "systemd",
	Doc:  "A systemd unit: running, not failed, not restarted again and again.",
	About: `A unit that should run and does not is fail, and so is one that systemd does not know: "inactive" alone would
hide a misspelt name. A oneshot unit is judged by its last run, a timer by itself and by the last run of what it
starts. A unit that has been restarted since the look before is warn.

A service with standbys is looked at on each of them: it must be active on exactly one host. No root is needed to look.

What is copied is its data: paths on its host and shares that lie there. With quiesce = "stop" the unit is stopped
meanwhile, and started again if it ran. A restore stops it, and proves that it runs again and that prove ends with 0.

It moves to a standby when all of its data is on shares that are mounted on each of its hosts: it is stopped, kept
from starting by itself, and the shares are unmounted; there they are mounted before it starts. A unit that is enabled
on a standby would start at the next boot beside the active one: have it enabled on one host only. With data on a
disk of its own, a standby starts from the newest copy.

With state = "inactive" it must not run: one that does is fail, and one that would start at the next boot is warn. It
goes with no standby: a service with standbys must run on exactly one host. What must not run on each of several hosts
is a service for each.
` + snapshotAbout,
	Levels: []inventory.Level{inventory.LevelService, inventory.LevelCheck},
	Options: append([]inventory.Option{
		{Name: "unit", Type: inventory.TypeString, Doc: "the unit, with its suffix; NAME.service where not said"},
		{Name: "state", Type: inventory.TypeEnum, Values: []string{"active", "inactive"}, Default: "active", Doc: "what it is meant to be"},
		{Name: "quiesce", Type: inventory.TypeEnum, Values: []string{"none", "stop"}, Default: "none", Doc: "what keeps its data still while it is copied"},
		proveOption,
	}, snapshotOptions...),
	Refuses: func(t inventory.Target) (key, why, hint string) {
		if t.Options.String("state") != "inactive" || len(t.Standby) == 0 {
			return "", "", ""
		}
		return "state", "a service with standbys must run on exactly one host, and this says that it must run on none",
			`leave out state, or leave out standby and add a service with state = "inactive" for each host that must not run it`
	},
	Checks: func(f *inventory.Fleet, t inventory.Target) []actions.Check {
		unit := systemdName(t)
		s := script("systemd/look.sh", map[string]string{"UNIT": unit})
		off := t.Options.String("state") == "inactive"
		return onEach(f, t, actions.Check{ID: "unit", Title: "unit " + unit, Script: s, Every: time.Minute}, func(h inventory.Ref, alone bool, a actions.Answer) []actions.Reading {
			return systemdRead(unit, off, h, alone, a)
		})
	},
	Data: systemdData,
	Move: func(f *inventory.Fleet, t inventory.Target) (actions.Move, error) {
		return moveScripts(f, t, "systemd", map[string]string{"UNIT": systemdName(t), "PROVE": t.Options.String("prove")}, "systemd/unit.sh")
	},
	Proved: map[string]actions.Ground{"look": actions.Real, "backup": actions.Real, "restore": actions.Real, "failover": actions.Real},
}

// systemdName is the name of a target's unit, with its suffix.
func systemdName(t inventory.Target) string {
	unit := t.Options.String("unit")
	if unit == "" {
		unit = t.Ref.Name()
	}
	if !strings.Contains(unit, ".") {
		unit += ".service"
	}
	return unit
}

// systemdData is the data of a unit: folders, with the unit stopped or running.
func systemdData(f *inventory.Fleet, t inventory.Target) (actions.Data, error) {
	roots, why := dataRoots(f, t)
	d := filesData(roots, why, t)
	unit := systemdName(t)
	verb := func(name string) *actions.Script {
		s := compound(map[string]string{"UNIT": unit, "PROVE": t.Options.String("prove")}, nil, filesLib, "systemd/unit.sh", "systemd/"+name)
		return &s
	}
	d.Stop, d.Start, d.Prove = verb("stop.sh"), verb("start.sh"), verb("prove.sh")
	if t.Options.String("quiesce") == "stop" {
		d.Hold, d.Free = verb("hold.sh"), verb("free.sh")
		d.HoldText, d.HoldsDown = "stop "+unit, true
	}
	return withSnapshot(d, roots, t)
}

// onEach returns a check for the host of a service and for each of its
// standbys. Alone is false where another host may be the one that runs it: then
// not running is no fault of this host's.
func onEach(f *inventory.Fleet, t inventory.Target, c actions.Check, read func(h inventory.Ref, alone bool, a actions.Answer) []actions.Reading) []actions.Check {
	if !ofItsKind(f, t) {
		c.Read = func(a actions.Answer) []actions.Reading {
			rs := read(t.Host, true, a)
			for i := range rs {
				rs[i].On = ""
			}
			return rs
		}
		return []actions.Check{c}
	}
	alone := len(t.Standby) == 0
	main := c
	main.Read = func(a actions.Answer) []actions.Reading { return read(t.Host, alone, a) }
	out := []actions.Check{main}
	for _, h := range t.Standby {
		if h == t.Host {
			continue
		}
		name := h.Name()
		if slices.ContainsFunc(t.Standby, func(o inventory.Ref) bool { return o != h && o.Name() == name }) {
			name = string(h.Level()) + "-" + name // a node and a vm may be called the same
		}
		s := c
		s.ID, s.Title, s.Host = c.ID+"-"+name, c.Title+" on standby "+name, h
		s.Read = func(a actions.Answer) []actions.Reading { return read(h, false, a) }
		out = append(out, s)
	}
	return out
}

// ofItsKind reports whether checks are those of the target's own kind, and not
// one that was added to it: only the former tell where the target runs.
func ofItsKind(f *inventory.Fleet, t inventory.Target) bool {
	whole, ok := f.Target(t.Ref)
	return ok && whole.Kind == t.Kind && fmt.Sprint(whole.Options) == fmt.Sprint(t.Options)
}

// systemdRead judges the answer of systemd/look.sh. Off is whether the unit must
// not run.
func systemdRead(unit string, off bool, h inventory.Ref, alone bool, a actions.Answer) []actions.Reading {
	if strings.TrimSpace(string(a.Stdout)) == "missing" && a.Exit == 0 {
		return actions.UnknownReading("there is no systemd on %s", h.Name())
	}
	parts, ended := linuxParts(a.Stdout)
	if !ended {
		said := strings.TrimSpace(parts["unit"])
		if said == "" {
			said = firstLine(a.Stderr)
		}
		return actions.UnknownReading("systemctl gave no whole answer: %s", orNothing(actions.Line(said), a.Exit))
	}
	u := systemdProperties(parts["unit"])
	if off {
		return []actions.Reading{systemdOff(unit, u)}
	}
	r := systemdUnit(unit, u, h, alone, a)
	if s, ok := parts["starts"]; ok && r.Status == actions.OK {
		starts := systemdProperties(s)
		known := []string{"active", "inactive", "activating", "deactivating", "reloading", "refreshing", "failed"}
		switch {
		case starts["LoadState"] == "" || starts["ActiveState"] == "" || starts["Result"] == "" && !hasNoResult(starts["Id"]):
			r.Status, r.Line, r.Next = actions.Unknown, "how what it starts is, is not told", "systemctl status "+orDefault(u["Unit"], unit)
		case starts["LoadState"] == "not-found":
			r.Status, r.Line = actions.Fail, "there is no such unit: "+u["Unit"]+", which it starts"
			r.Next = "systemctl cat " + unit
		case starts["LoadState"] != "loaded":
			r.Status, r.Line = actions.Fail, fmt.Sprintf("%s, which it starts, cannot be: it is %s", starts["Id"], starts["LoadState"])
			r.Next = "systemctl status " + starts["Id"]
		case starts["ActiveState"] == "failed", starts["Result"] != "" && starts["Result"] != "success":
			r.Status, r.Line = actions.Fail, fmt.Sprintf("the last run of %s failed: %s", starts["Id"], systemdWhy(starts))
			r.Next = "journalctl -u " + starts["Id"] + " -e"
		case !slices.Contains(known, starts["ActiveState"]):
			r.Status, r.Line = actions.Unknown, fmt.Sprintf("systemd says that %s, which it starts, is %s, which is not known here", starts["Id"], actions.Line(starts["ActiveState"]))
			r.Next = "systemctl status " + starts["Id"]
		}
	}
	return []actions.Reading{r}
}

func systemdProperties(s string) map[string]string {
	p := map[string]string{}
	for _, ln := range strings.Split(s, "\n") {
		if k, v, ok := strings.Cut(ln, "="); ok {
			p[k] = v
		}
	}
	return p
}

// hasNoResult reports whether a unit is of a type that runs nothing, of which
// systemd keeps no result (org.freedesktop.systemd1(5)).
func hasNoResult(id string) bool {
	return strings.HasSuffix(id, ".target") || strings.HasSuffix(id, ".slice") || strings.HasSuffix(id, ".device")
}

// systemdUnit judges the properties of one unit (systemctl(1), systemd 252).
func systemdUnit(unit string, u map[string]string, h inventory.Ref, alone bool, a actions.Answer) actions.Reading {
	r := actions.Reading{Status: actions.Unknown, Next: "systemctl status " + unit}
	switch u["LoadState"] {
	case "loaded":
	case "not-found":
		r.Status, r.Line = actions.Fail, "there is no such unit: "+unit
		if !alone {
			r.Status = actions.Warn // a standby that could not take over
		}
		return r
	case "masked":
		r.Status, r.Line = actions.Fail, "masked: it cannot be started"
		return r
	case "":
		r.Line = "systemctl says nothing of it"
		return r
	default: // bad-setting, error …
		r.Status, r.Line = actions.Fail, "systemd cannot load it: "+u["LoadState"]
		return r
	}
	switch u["ActiveState"] {
	case "active", "reloading":
		r.Status, r.On, r.Next = actions.OK, h, ""
		r.Line = u["ActiveState"] + " (" + u["SubState"] + ")"
		if at := systemdTime(u["ActiveEnterTimestamp"]); !at.IsZero() && a.Now.After(at) {
			r.Line += " for " + span(a.Now.Sub(at))
		}
		systemdRestarts(&r, u, a)
	case "activating":
		r.Status, r.On, r.Line = actions.Warn, h, "starting ("+u["SubState"]+")"
		if u["SubState"] == "auto-restart" {
			r.Status, r.Line = actions.Fail, "restarting again and again: "+systemdWhy(u)
		}
	case "failed":
		r.Status, r.Line = actions.Fail, "failed: "+systemdWhy(u)
	case "inactive", "deactivating":
		switch {
		case u["Type"] == "oneshot" && u["Result"] == "success" && alone && systemdTime(u["InactiveEnterTimestamp"]).IsZero():
			r.Status, r.Line = actions.Unknown, "not running now; when it last ran is not known"
		case u["Type"] == "oneshot" && u["Result"] == "success":
			r.Status, r.Line, r.Next = actions.OK, "not running now; its last run was well", ""
		case !alone:
			r.Status, r.Line, r.Next = actions.OK, "not running here", ""
		default:
			r.Status, r.Line = actions.Fail, "not running ("+u["ActiveState"]+", "+u["SubState"]+")"
		}
	default:
		r.Line = "systemd says " + u["ActiveState"] + ", which is not known here"
	}
	return r
}

// systemdOff judges the properties of a unit that must not run. A name that
// systemd does not know is no proof of that: it may be misspelt.
func systemdOff(unit string, u map[string]string) actions.Reading {
	r := actions.Reading{Status: actions.Unknown, Next: "systemctl status " + unit}
	switch u["LoadState"] {
	case "loaded", "masked":
	case "not-found":
		r.Line = "there is no such unit: " + unit
		return r
	case "":
		r.Line = "systemctl says nothing of it"
		return r
	default: // bad-setting, error …
		r.Line = "systemd cannot load it: " + u["LoadState"]
		return r
	}
	switch u["ActiveState"] {
	case "inactive", "failed":
		switch {
		case u["UnitFileState"] == "enabled" || u["UnitFileState"] == "enabled-runtime":
			r.Status, r.Line, r.Next = actions.Warn, "not running, as it should, but it would start at the next boot", "systemctl disable "+unit
		case u["ActiveState"] == "failed":
			r.Status, r.Line = actions.Warn, "not running, as it should, but its last run failed: "+systemdWhy(u)
		default:
			r.Status, r.Line, r.Next = actions.OK, "not running, as it should", ""
		}
	case "active", "reloading", "activating", "deactivating":
		r.Status, r.Line = actions.Fail, "it should not run, and is "+u["ActiveState"]+" ("+u["SubState"]+")"
		r.Next = "systemctl stop " + unit
	default:
		r.Line = "systemd says " + u["ActiveState"] + ", which is not known here"
	}
	return r
}

func systemdRestarts(r *actions.Reading, u map[string]string, a actions.Answer) {
	n, err := strconv.ParseFloat(u["NRestarts"], 64)
	if err != nil {
		return
	}
	r.Metrics = append(r.Metrics, actions.Metric{Name: "restarts", Value: n})
	if points := a.Series("", "restarts"); len(points) > 0 {
		if grown := n - points[len(points)-1].Value; grown > 0 {
			r.Status = actions.Warn
			r.Line += fmt.Sprintf("; restarted %.0f times since %s ago", grown, span(a.Now.Sub(points[len(points)-1].At)))
		}
	}
}

func systemdWhy(u map[string]string) string {
	w := u["Result"]
	if w == "" || w == "success" {
		w = u["SubState"]
	}
	if s := u["ExecMainStatus"]; s != "" && s != "0" {
		w += ", status " + s
	}
	return w
}

// systemdTime reads "@1795208370", as --timestamp=unix writes it.
func systemdTime(s string) time.Time {
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "@"), 10, 64)
	if err != nil || n <= 0 || !strings.HasPrefix(s, "@") {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

package kind

import (
	"fmt"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// opnsenseMove moves the CARP addresses of a pair of firewalls by the maintenance
// mode of the one that hands them over.
func opnsenseMove(_ *inventory.Fleet, t inventory.Target) (actions.Move, error) {
	if t.Ref.Level() != inventory.LevelService {
		return actions.Move{}, fmt.Errorf("%s is no service: write a service of kind opnsense with one firewall in on, and the other in standby", t.Ref)
	}
	wait, limit := waitOf(t.Options, "wait", 30*time.Second)
	script := func(name string) actions.Script {
		return compound(map[string]string{"WAIT": limit}, nil, commonFile, "opnsense/carp.sh", "opnsense/carp-"+name+".sh")
	}
	at := func(name string) func(inventory.Ref) actions.Script {
		return func(inventory.Ref) actions.Script { return script(name) }
	}
	step := func(id, title, name, undo string, h inventory.Ref) actions.Step {
		s := actions.Step{ID: id, Title: title, Host: h, Do: script(name), Redo: true, Timeout: wait + 2*time.Minute, Ends: true}
		if undo != "" {
			u := script(undo)
			s.Undo = &u
		}
		return s
	}
	return actions.Move{
		Shape: shapeShared, Survey: at("survey"), Active: at("active"), Promote: at("verify"), Verify: at("verify"),
		Hand: func(from, to inventory.Ref) []actions.Step {
			return []actions.Step{
				step("ready", "let "+to.Name()+" take over: end its CARP maintenance", "ready", "unready", to),
				step("hand", "put "+from.Name()+" into CARP maintenance, and see it give its addresses up", "hand", "stay", from),
			}
		},
		Rejoin: func(old, _ inventory.Ref) []actions.Step {
			s := step("standby", "see that "+old.Name()+" leaves the addresses to the other", "hand", "", old)
			s.Ends = false
			return []actions.Step{s}
		},
		// A firewall takes over three advertisements after the last that it heard:
		// 3 s with the interval of 1 s (carp(4), advbase).
		Floor: 3 * time.Second,
	}, nil
}

// opnsensePair looks at the CARP addresses of each firewall of a pair.
func opnsensePair(f *inventory.Fleet, t inventory.Target) []actions.Check {
	c := actions.Check{ID: "carp", Title: "CARP", Script: script("opnsense/look.sh", map[string]string{"SUDO": sudo(f, t)}), Every: time.Minute, Limit: 40 * time.Second}
	return onEach(f, t, c, func(h inventory.Ref, _ bool, a actions.Answer) []actions.Reading {
		o, why := opnsenseParse(a)
		if why != nil {
			return []actions.Reading{*why}
		}
		rs := o.judgeCARP(t)
		for i := range rs {
			for _, m := range rs[i].Metrics {
				if m.Name == "active" && m.Value > 0 {
					rs[i].On = h
				}
			}
		}
		return rs
	})
}

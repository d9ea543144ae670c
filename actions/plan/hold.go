package plan

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// What is held still for a copy is let go by its host itself when nothing is
// heard of the run for as long as the copying takes twice, rounded up to one of
// holdLimits; for holdUnknown where no copying has been timed yet. The steps are
// wide, so that a plan stays the same when a copy took a little longer.
var holdLimits = []time.Duration{10 * time.Minute, 20 * time.Minute, 40 * time.Minute, 80 * time.Minute, 3 * time.Hour, 6 * time.Hour}

const holdUnknown = time.Hour

// held is what does not work while the data is held still.
func (m *maker) held(d actions.Data) []inventory.Ref {
	if d.Hold == nil || !d.HoldsDown {
		return nil
	}
	return append([]inventory.Ref{m.target.Ref}, m.dependents()...)
}

// watched reports whether the host lets go of the data by itself: it is not
// given secrets to keep meanwhile.
func watched(d actions.Data) bool { return d.Hold != nil && d.Free != nil && len(d.Free.Keep) == 0 }

// hold plans to hold the data still for a dump, or for copies to ds.
func (m *maker) hold(d actions.Data, h inventory.Ref, ds []depot) {
	if d.Hold == nil {
		return
	}
	title := d.HoldText
	if title == "" {
		title = "hold " + m.target.Ref.Name() + " still"
	}
	s := actions.Step{
		ID: "hold", Title: title, Host: h, Do: *d.Hold, Undo: d.Free, Redo: true, Timeout: holdLimit, Ends: d.HoldsDown, Down: m.held(d),
	}
	if watched(d) {
		limit := m.holdLimit(d, ds)
		s.Title += "; its host lets go by itself when nothing is heard from here for " + age(limit) + ", unless it was started anew"
		s.Do = m.watch(d, limit)
		free := m.letGo(d)
		s.Undo = &free
	}
	m.step(s)
}

// holdable adds what the survey says of holding the data still.
func (m *maker) holdable(words map[string]string, host inventory.Ref) {
	if left := words["left"]; left != "" {
		m.condition("left", "no earlier copy left anything held", left+"; it is taken away ahead of this copy", actions.Noted)
	}
	if why := words["hold"]; why != "" {
		m.block("hold", string(m.target.Ref)+" can be held still", why, mendNext(host))
	}
}

func (m *maker) free(d actions.Data, h inventory.Ref) {
	if d.Hold == nil || d.Free == nil {
		return
	}
	m.step(actions.Step{
		ID: "free", Title: "let " + m.target.Ref.Name() + " go again", Host: h, Do: m.letGo(d), Redo: true, Timeout: holdLimit, Starts: d.HoldsDown,
	})
}

// holdLimit is how long a host holds data still for a run of which it hears
// nothing.
func (m *maker) holdLimit(d actions.Data, ds []depot) time.Duration {
	ids := []string{"dump"}
	if d.Dump == nil {
		ids = nil
		for _, x := range ds {
			if x.Native == nil { // such a copy is made with the data let go
				ids = append(ids, own("copy", x.Name))
			}
		}
	}
	var need time.Duration
	for _, id := range ids {
		took := median(m.Took[id])
		if took == 0 {
			return holdUnknown
		}
		need += 2 * took
	}
	for _, l := range holdLimits {
		if need <= l {
			return l
		}
	}
	return holdLimits[len(holdLimits)-1]
}

// The scripts below keep the names of those of the kind that they are around.

// watch returns what holds the data, behind what starts the host's watchdog.
func (m *maker) watch(d actions.Data, limit time.Duration) actions.Script {
	s := d.Hold.With(m.watchInputs())
	s.Inputs["JM_LIMIT"] = strconv.Itoa(int(limit / time.Second))
	s.Inputs["JM_FREE"] = rendered(*d.Free)
	s.Inputs["JM_WATCHDOG"] = script("watchdog.sh", nil).Body
	s.Body = bodies("watched.sh", "watch.sh") + s.Body
	return s
}

// letGo returns what lets go of the data, and calls the watchdog off.
func (m *maker) letGo(d actions.Data) actions.Script {
	if !watched(d) {
		return *d.Free
	}
	return around(d.Free.With(m.watchInputs()), bodies("watched.sh", "unwatch.sh"), "unwatched.sh")
}

// whileHeld returns a script that is not begun unless the data is held still,
// with what judges behind it whether it still was. Without one it is a question.
func (m *maker) whileHeld(d actions.Data, s actions.Script, behind string) actions.Script {
	if !watched(d) {
		return s
	}
	in := m.watchInputs()
	if d.Whole != nil {
		in["JM_WHOLE"] = rendered(*d.Whole)
	}
	if d.Through != nil && behind != "" {
		s = through(*d.Through, s)
	}
	return around(s.With(in), bodies("watched.sh", "held.sh"), behind)
}

// through returns a script that is run where the paths of the data lead to what
// holds it. It is told by its environment what it is told as variables elsewhere.
func through(lead, s actions.Script) actions.Script {
	names := slices.Sorted(maps.Keys(s.Inputs))
	names = slices.AppendSeq(names, maps.Keys(s.Keep))
	slices.Sort(names)
	within := s.With(map[string]string{"JM_COPY": s.Body, "JM_THROUGH": rendered(lead), "JM_NAMES": strings.Join(names, " ")})
	within.Body = bodies("through.sh")
	return within
}

// rendered is the text of a script of a kind that has no secrets.
func rendered(s actions.Script) string {
	text, _, err := s.Render()
	if err != nil {
		panic("plan: " + s.Name + ": " + err.Error()) // inputs of kinds are shell names without NUL
	}
	return text
}

// around puts text ahead of a script and, where it ended well, a script of this
// package behind it.
func around(s actions.Script, ahead, behind string) actions.Script {
	if behind == "" {
		s.Body = ahead + s.Body
		return s
	}
	s.Body = ahead + "(\n" + strings.TrimSuffix(s.Body, "\n") + "\n) || exit\n" + bodies(behind)
	return s
}

func (m *maker) watchInputs() map[string]string {
	return map[string]string{"JM_WATCH": strings.ReplaceAll(string(m.target.Ref), "/", "=")}
}

// bodies returns the texts of scripts of this package, one behind the other.
func bodies(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(script(name, nil).Body)
	}
	return b.String()
}

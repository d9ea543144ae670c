package tui

import (
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// world is what the console knows. Only the root's Update writes it; screens
// read it.
type world struct {
	engine  Engine
	now     time.Time
	times   timeStyle
	version int // counts changes of rows or of their order

	state  actions.State
	sums   []actions.Summary // in the order of rows, the worst first
	place  map[inventory.Ref]int
	counts actions.Counts
	checks actions.Counts
	oldest time.Time // of the results

	events  []actions.Event // newest first
	runs    []actions.Run   // newest first
	jobs    []Job
	covers  []Cover
	plans   map[string]actions.Plan // the newest that was made of each, by its words
	looking map[inventory.Ref]bool  // hosts that are being looked at
	got     bool                    // something was read from the store, or seen
	stale   string                  // why what is shown is old, "" where it is not

	messages []message
	hushed   time.Time // messages up to then are no longer shown in their line
	frozen   time.Time // the order of rows stays as it is until then
}

type message struct {
	at   time.Time
	text string
}

// maxMessages are kept.
const maxMessages = 500

// say shows a message and keeps it. One that repeats is not kept twice.
func (w *world) say(text string) {
	text = strings.TrimSpace(text)
	if n := len(w.messages); n > 0 && w.messages[n-1].text == text {
		w.messages[n-1].at = w.now
		return
	}
	w.messages = append(w.messages, message{w.now, text})
	if len(w.messages) > maxMessages {
		w.messages = slices.Delete(w.messages, 0, len(w.messages)-maxMessages)
	}
}

// take takes newer knowledge in. While the order is frozen rows change and keep
// their places.
func (w *world) take(s actions.State, sums []actions.Summary, frozen bool) {
	order := slices.Clone(sums)
	if frozen && len(w.place) > 0 {
		place := func(s *actions.Summary) int {
			if i, ok := w.place[s.Ref]; ok {
				return i
			}
			return len(w.place)
		}
		slices.SortStableFunc(order, func(a, b actions.Summary) int { return place(&a) - place(&b) })
	} else {
		slices.SortStableFunc(order, worstFirst)
	}
	w.state, w.sums, w.got = s, order, true
	w.version++
	w.place = make(map[inventory.Ref]int, len(order))
	w.counts, w.checks, w.oldest = actions.Counts{}, actions.Counts{}, time.Time{}
	for i := range order {
		x := &order[i]
		w.place[x.Ref] = i
		if !x.CheckedAt.IsZero() && (w.oldest.IsZero() || x.CheckedAt.Before(w.oldest)) {
			w.oldest = x.CheckedAt
		}
		if x.Muted == "" || x.State == actions.OK {
			w.counts.Add(seen(x))
		}
		w.checks.OK += x.Counts.OK
		w.checks.Warn += x.Counts.Warn
		w.checks.Fail += x.Counts.Fail
		w.checks.Unknown += x.Counts.Unknown
	}
}

// seen is the status to draw: a stale ok is not ok.
func seen(s *actions.Summary) actions.Status {
	if s.Stale && s.State == actions.OK {
		return actions.Unknown
	}
	return s.State
}

// problem reports whether a row needs somebody.
func problem(s *actions.Summary) bool { return seen(s) != actions.OK }

func worstFirst(a, b actions.Summary) int {
	x, y := seen(&a), seen(&b)
	if quiet := a.Muted != ""; quiet != (b.Muted != "") && x != actions.OK && y != actions.OK {
		if quiet {
			return 1
		}
		return -1
	}
	if x != y {
		if rank(x) < rank(y) {
			return -1
		}
		return 1
	}
	if x != actions.OK {
		if c := b.Since.Compare(a.Since); c != 0 {
			return c
		}
	}
	return strings.Compare(string(a.Ref), string(b.Ref))
}

// rank orders statuses for the eye: what failed, what warns, what is not known.
func rank(s actions.Status) int {
	return [4]int{actions.Fail: 0, actions.Warn: 1, actions.Unknown: 2, actions.OK: 3}[s&3]
}

func (w *world) sum(r inventory.Ref) (*actions.Summary, bool) {
	i, ok := w.place[r]
	if !ok {
		return nil, false
	}
	return &w.sums[i], true
}

// gather adds events that came, oldest first, to those that are known.
func (w *world) gather(es []actions.Event) {
	for _, e := range es {
		if recorded(&e) {
			w.events = slices.Insert(w.events, 0, e)
		}
	}
	if len(w.events) > eventsMost {
		w.events = w.events[:eventsMost]
	}
}

// recorded reports whether an event stands in history: what a run's steps did
// stands on the run's own page.
func recorded(e *actions.Event) bool {
	return e.Run == "" || e.Type == actions.EventRun || e.Type == actions.EventNote
}

// of returns the newest events of a target, at most so many: those that came
// since its past was read, then that.
func (w *world) of(t inventory.Ref, past []actions.Event, most int) []actions.Event {
	var read int64
	if len(past) > 0 {
		read = past[0].Seq
	}
	var out []actions.Event
	for i := range w.events {
		if e := &w.events[i]; e.Target == t && e.Seq > read && len(out) < most {
			out = append(out, *e)
		}
	}
	return append(out, past[:min(len(past), most-len(out))]...)
}

// underWay reports whether a run of this state acts or should act.
func underWay(state string) bool {
	return state == "running" || state == "undoing" || state == "queued"
}

// stands reports whether a run waits for a person.
func stands(state string) bool { return state == "hands" || state == "stopped" || state == "cut off" }

// ran takes what became of a run from who knows first: all runs are read again
// only a while later. At is when it ended, if it has.
func (w *world) ran(id, state string, at time.Time) {
	for i := range w.runs {
		if r := &w.runs[i]; r.ID == id {
			if r.State = state; !underWay(state) {
				r.Ended = at
			}
		}
	}
}

// takeRuns takes all runs as they were read. One that is over stays over: the
// reading may have begun before its end.
func (w *world) takeRuns(rs []actions.Run) {
	for _, old := range w.runs {
		if !underWay(old.State) && !stands(old.State) {
			if i := slices.IndexFunc(rs, func(r actions.Run) bool { return r.ID == old.ID }); i >= 0 {
				rs[i].State, rs[i].Ended = old.State, old.Ended
			}
		}
	}
	w.runs = rs
}

// active is the newest run that is under way or waits for a person.
func (w *world) active() (actions.Run, bool) {
	for _, want := range []func(string) bool{underWay, stands} {
		for _, r := range w.runs {
			if want(r.State) {
				return r, true
			}
		}
	}
	return actions.Run{}, false
}

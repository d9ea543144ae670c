package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Merge puts looks into a state and returns the newer one, what changed, and
// the places that are no longer part of it. It is pure: the same looks at the
// same time give the same state, and prev is not changed.
//
//   - A change for the worse counts once it was seen as often in a row as the
//     check's Confirm says; until then the line tells how many bad looks there
//     were. A change for the better, and the first look of all, count at once.
//   - A check that finds several things and then gives no answer as a whole
//     leaves none of them ok: all of its places become unknown. Places of which
//     a good answer says nothing any more are gone.
//   - What was not looked at because something else is broken (Result.Cause)
//     is unknown and makes no event: its cause has made one. While the host's
//     own trouble is not yet confirmed, it stays what it was.
//   - An acknowledgement ends when what it covers gets better.
//   - Times of prev that lie in the future, because the clock was set back,
//     count as now.
//
// Places of targets that the fleet no longer has are dropped.
func Merge(f *inventory.Fleet, prev actions.State, looks []Look, now time.Time) (next actions.State, changes []actions.Event, gone []actions.Key) {
	m := merger{fleet: f, now: now, checks: map[inventory.Ref]map[string][]actions.Entry{}}
	for e := range prev.All {
		if _, ok := f.Target(e.Target); !ok {
			m.gone = append(m.gone, e.Key())
			continue
		}
		g := group{e.Target, e.Check}
		m.set(g, append(m.get(g), heal(e, now)))
	}
	for _, look := range looks {
		for _, k := range look.Orphans {
			m.remove(k)
		}
		m.look(look)
	}
	for t := range f.Targets() {
		m.placement(t)
	}
	entries := m.entries()
	next = actions.MakeState(entries, nil)
	next.Silences = surviving(f, prev, next, now)
	slices.SortFunc(m.gone, compareKeys)
	return next, m.changes, m.gone
}

// group is a check of a target: what is asked as one.
type group struct {
	target inventory.Ref
	check  string
}

type merger struct {
	fleet   *inventory.Fleet
	now     time.Time
	checks  map[inventory.Ref]map[string][]actions.Entry
	changes []actions.Event
	gone    []actions.Key
}

func (m *merger) get(g group) []actions.Entry { return m.checks[g.target][g.check] }

func (m *merger) set(g group, es []actions.Entry) {
	of := m.checks[g.target]
	if of == nil {
		of = map[string][]actions.Entry{}
		m.checks[g.target] = of
	}
	of[g.check] = es
}

// heal takes times that lie in the future back to now. When it was looked at
// stays: that it cannot be right is what makes it stale.
func heal(e actions.Entry, now time.Time) actions.Entry {
	for _, t := range []*time.Time{&e.Since, &e.LastOK} {
		if t.After(now) {
			*t = now
		}
	}
	return e
}

func (m *merger) remove(k actions.Key) {
	g := group{k.Target, k.Check}
	es := m.get(g)
	i := slices.IndexFunc(es, func(e actions.Entry) bool { return e.Key() == k })
	if i < 0 {
		return
	}
	m.set(g, slices.Delete(es, i, i+1))
	m.gone = append(m.gone, k)
}

// look merges one look, the host's own check first: the others depend on it.
func (m *merger) look(look Look) {
	of := map[group][]actions.Result{}
	for _, r := range look.Results {
		g := group{r.Target, r.Check}
		of[g] = append(of[g], r)
	}
	own := func(d Due) bool { return d.Target == look.Host && d.Check.ID == SSH }
	for _, d := range look.Asked {
		if own(d) {
			m.check(d, of[group{d.Target, d.Check.ID}])
		}
	}
	pending := false
	for _, e := range m.get(group{look.Host, SSH}) {
		pending = pending || e.Bad > 0
	}
	for _, d := range look.Asked {
		g := group{d.Target, d.Check.ID}
		switch {
		case own(d):
		case pending && len(m.get(g)) > 0 && skippedFor(of[g], look.Host):
		default:
			m.check(d, of[g])
		}
	}
}

func skippedFor(rs []actions.Result, host inventory.Ref) bool {
	return len(rs) == 1 && rs[0].Cause == host
}

// check merges the results of one check, which are complete.
func (m *merger) check(d Due, results []actions.Result) {
	g := group{d.Target, d.Check.ID}
	before := m.get(g)
	if len(results) == 1 && results[0].Item == "" && results[0].Status == actions.Unknown {
		results = spread(results[0], before)
	}
	after := make([]actions.Entry, 0, len(results))
	for _, r := range results {
		i := slices.IndexFunc(before, func(e actions.Entry) bool { return e.Item == r.Item })
		if i < 0 {
			after = append(after, m.step(nil, d, r))
			continue
		}
		after = append(after, m.step(&before[i], d, r))
	}
	for _, e := range before {
		if !slices.ContainsFunc(after, func(a actions.Entry) bool { return a.Item == e.Item }) {
			m.gone = append(m.gone, e.Key())
		}
	}
	m.set(g, after)
}

// spread returns an unknown of a whole check as one of each item that it had.
func spread(r actions.Result, before []actions.Entry) []actions.Result {
	var out []actions.Result
	for _, e := range before {
		if e.Item != "" {
			r.Item = e.Item
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return []actions.Result{r}
	}
	return out
}

// step returns the entry that follows on prev, nil for none, when r was seen.
func (m *merger) step(prev *actions.Entry, d Due, r actions.Result) actions.Entry {
	if r.At.IsZero() || r.At.After(m.now) {
		r.At = m.now
	}
	e := actions.Entry{Result: r, Since: r.At, Every: d.Check.Every}
	if prev != nil {
		e.LastOK, e.Flaps = prev.LastOK, prev.Flaps
	}
	if r.Status == actions.OK {
		e.LastOK = r.At
	}
	switch {
	case prev == nil:
		m.note("", e)
	case r.Cause != "":
		if prev.Status == actions.Unknown {
			e.Since = prev.Since
		}
	case prev.Skipped():
		if r.Status == prev.Status {
			e.Since = prev.Since
		} else if r.Status != actions.OK {
			m.note(prev.Status.String(), e)
		}
	case r.Status.Worse(prev.Status) && prev.Bad+1 < d.Check.Confirm:
		e.Status, e.Since, e.Bad = prev.Status, prev.Since, prev.Bad+1
		e.Line = actions.Line(fmt.Sprintf("%d of %d bad looks: %s", e.Bad, d.Check.Confirm, r.Line))
	case r.Status != prev.Status:
		e.Flaps = flaps(*prev, r.At) + 1
		m.note(prev.Status.String(), e)
	default:
		e.Since = prev.Since
	}
	if n := flaps(e, r.At); n > flapMax && r.Cause == "" {
		e.Line = actions.Line(fmt.Sprintf("flapping, %d changes lately: %s", n, e.Line))
	}
	return e
}

// note makes an event of a change. That something is fine when it is seen for
// the first time is none.
func (m *merger) note(from string, e actions.Entry) {
	if from == "" && (e.Status == actions.OK || e.Skipped()) {
		return
	}
	m.changes = append(m.changes, actions.Event{
		Type: actions.EventState, At: e.At, Target: e.Target, Check: e.Check, Item: e.Item,
		From: from, To: e.Status.String(), Line: e.Line,
	})
}

// flapMax is how many changes in an hour are still no flapping.
const flapMax = 4

// flaps returns how many changes weigh at a time: a bucket from which as many
// an hour leak away as are allowed. It needs no more memory than the last
// change and a number.
func flaps(e actions.Entry, at time.Time) int {
	leaked := int(at.Sub(e.Since) / (time.Hour / flapMax))
	return max(0, e.Flaps-max(0, leaked))
}

// entries returns all entries, by target and check.
func (m *merger) entries() []actions.Entry {
	var out []actions.Entry
	for _, t := range slices.Sorted(maps.Keys(m.checks)) {
		for _, c := range slices.Sorted(maps.Keys(m.checks[t])) {
			out = append(out, m.checks[t][c]...)
		}
	}
	return out
}

func compareKeys(a, b actions.Key) int {
	return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Item, b.Item))
}

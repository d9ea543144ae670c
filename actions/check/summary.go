package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jurymast/actions"
	"jurymast/inventory"
)

// Summaries returns one row a target, in the order of the fleet.
//
// State is what was seen. A row is Muted when all that is wrong with it is
// kept quiet, expected, or skipped because of something that is; what is wrong
// and not quiet is told ahead of it. Cause is the target whose trouble comes
// first on the way down from this one, through the host it runs on and what it
// needs: also for a target that is still fine and stands on something failed.
func Summaries(f *inventory.Fleet, s actions.State, now time.Time) []actions.Summary {
	b := board{fleet: f, state: s, now: now, rows: map[inventory.Ref]*actions.Summary{}}
	var order []*inventory.Target
	for t := range f.Targets() {
		b.rows[t.Ref] = b.row(t)
		order = append(order, t)
	}
	out := make([]actions.Summary, 0, len(order))
	for _, t := range order {
		b.blame(t)
	}
	for _, t := range order {
		out = append(out, *b.rows[t.Ref])
	}
	return out
}

type board struct {
	fleet *inventory.Fleet
	state actions.State
	now   time.Time
	rows  map[inventory.Ref]*actions.Summary
}

// row makes a target's row, but for its Cause.
func (b *board) row(t *inventory.Target) *actions.Summary {
	r := &actions.Summary{Ref: t.Ref, Kind: t.Kind, Title: t.Title, Site: t.Site, Host: t.Host, Tags: t.Tags, Standby: t.Standby}
	if t.Host == t.Ref {
		r.Host = ""
	}
	es := b.state.Of(t.Ref)
	if t.Ref.Level() == inventory.LevelService {
		r.On = b.on(t, es)
	}
	if len(es) == 0 {
		r.State, r.Summary = actions.Unknown, "not looked at yet"
		r.Muted = silenced(b.fleet, b.state, actions.Key{Target: t.Ref}, b.now)
		return r
	}
	head, quiet := b.headline(es)
	for _, e := range es {
		s := e.Status
		if s == actions.OK && e.Stale(b.now) {
			s = actions.Unknown
		}
		r.Counts.Add(s)
		if e.Skipped() {
			r.Skipped++
		}
		if e.LastOK.After(r.LastOK) && e.Check == head.Check && e.Item == head.Item {
			r.LastOK = e.LastOK
		}
	}
	r.State, r.Since, r.CheckedAt = head.Status, head.Since, head.At
	r.Stale, r.Muted = head.Stale(b.now), quiet
	if head.Status == actions.OK {
		b.fine(r, es, head)
		return r
	}
	r.Check, r.Item, r.Next, r.Cause = head.Check, head.Item, head.Next, head.Cause
	r.Summary = b.line(t, r, head)
	return r
}

// fine words a target with nothing wrong, but that it may be stale.
func (b *board) fine(r *actions.Summary, es []actions.Entry, head actions.Entry) {
	for _, e := range es {
		if e.Since.After(r.Since) {
			r.Since = e.Since
		}
		if e.At.After(r.CheckedAt) && !r.Stale {
			r.CheckedAt = e.At
		}
	}
	r.LastOK = r.CheckedAt
	switch n := len(es); {
	case r.Stale:
		r.Check, r.Item = head.Check, head.Item
		r.Summary = fmt.Sprintf("was ok, and not looked at for %s", age(b.now.Sub(head.At)))
		if head.At.After(b.now) {
			r.Summary = "was ok, at a time that lies ahead of this machine's clock"
		}
	case head.Bad > 0 || n == 1 || r.Ref.Level() != inventory.LevelService && isOff(head):
		r.Summary = head.Line
	default:
		r.Summary = fmt.Sprintf("%d checks ok", n)
	}
}

// isOff reports whether an entry is that of a host that is off as expected.
func isOff(e actions.Entry) bool {
	return e.Check == SSH && strings.HasPrefix(e.Line, offAsExpected)
}

// line words what is wrong with a target.
func (b *board) line(t *inventory.Target, r *actions.Summary, head actions.Entry) string {
	line := head.Line
	skipped := r.Skipped
	switch {
	case head.Skipped() && head.Cause != t.Ref:
		checks := "1 check"
		if skipped != 1 {
			checks = fmt.Sprintf("%d checks", skipped)
		}
		return actions.Line(fmt.Sprintf("%s skipped: %s %s", checks, head.Cause, b.trouble(head.Cause)))
	case head.Skipped():
		skipped--
	}
	if what := head.Check; head.Item != "" {
		line = what + " " + head.Item + ": " + line
	} else if head.Check != SSH {
		line = what + ": " + line
	}
	switch {
	case skipped == 1:
		line += "; 1 check skipped"
	case skipped > 1:
		line += fmt.Sprintf("; %d checks skipped", skipped)
	}
	return actions.Line(line)
}

// trouble says in a few words what is wrong with a target that is a cause.
func (b *board) trouble(r inventory.Ref) string {
	head, _ := b.headline(b.state.Of(r))
	if e, ok := b.state.Find(actions.Key{Target: r, Check: SSH}); ok && (e.Status != actions.OK || isOff(e)) {
		head = e
	}
	if head.Line == "" {
		return "is " + head.Status.String()
	}
	if head.Check == SSH {
		what, _, _ := strings.Cut(head.Line, ";")
		if strings.HasPrefix(what, offAsExpected) || strings.HasPrefix(what, "down") || strings.HasPrefix(what, "cut off") {
			return "is " + what
		}
		return what
	}
	return "is " + head.Status.String()
}

// headline returns the entry that a row is about, and why it is quiet: the
// worst of those that are not, of equals the newest, and of those that changed
// at the same time the first by name.
func (b *board) headline(es []actions.Entry) (head actions.Entry, quiet string) {
	if len(es) == 0 {
		return head, ""
	}
	off := slices.ContainsFunc(es, isOff)
	var best rank
	var top []int // the entries of that rank
	quiets := make([]string, len(es))
	for i, e := range es {
		var k rank
		k, quiets[i] = b.rank(e, off)
		switch {
		case len(top) == 0 || k.above(best):
			best, top = k, append(top[:0], i)
		case k == best:
			top = append(top, i)
		}
	}
	i := newest(es, top)
	return es[i], quiets[i]
}

// rank returns how much an entry matters, and why it is quiet. Off says that its
// host is, as expected.
func (b *board) rank(e actions.Entry, off bool) (k rank, quiet string) {
	k = rank{status: e.Status, seen: !e.Skipped()}
	if e.Status == actions.OK && e.Stale(b.now) {
		k.status = actions.Unknown
	}
	if off && e.Skipped() {
		k = rank{} // it is off, which is all there is to say
	}
	if k.status != actions.OK {
		quiet = b.quiet(e)
	}
	k.loud = k.status != actions.OK && quiet == ""
	// Two actives at once is graver than anything else that fails.
	k.notable = e.Bad > 0 || isOff(e) || e.Check == Placement && e.Status == actions.Fail
	return k, quiet
}

// sameTime is how far changes may lie apart and still be of the same time: as
// one sweep finds them. Which host answers first must not decide what a row says.
const sameTime = DefaultDeadline

// newest returns which of some entries changed last, or at the same time as that
// one and has the first name. It does not depend on their order.
func newest(es []actions.Entry, among []int) int {
	last := es[among[0]].Since
	for _, i := range among {
		if es[i].Since.After(last) {
			last = es[i].Since
		}
	}
	first := -1
	for _, i := range among {
		if last.Sub(es[i].Since) <= sameTime && (first < 0 || compareKeys(es[i].Key(), es[first].Key()) < 0) {
			first = i
		}
	}
	return first
}

// rank orders entries by how much they matter.
type rank struct {
	loud    bool
	status  actions.Status
	seen    bool
	notable bool
}

func (k rank) above(o rank) bool {
	switch {
	case k.loud != o.loud:
		return k.loud
	case k.status != o.status:
		return k.status.Worse(o.status)
	case k.seen != o.seen:
		return k.seen
	}
	return k.notable && !o.notable
}

// quiet returns why an entry that is not ok does not count, "" when it does.
func (b *board) quiet(e actions.Entry) string {
	if s := silenced(b.fleet, b.state, e.Key(), b.now); s != "" {
		return s
	}
	if t, ok := b.fleet.Target(e.Target); ok && !isHost(e.Target) {
		if until, off := offUntil(t, b.now); off {
			return offAsExpected + clock(until, b.now)
		}
	}
	if !e.Skipped() {
		return ""
	}
	if s := silenced(b.fleet, b.state, actions.Key{Target: e.Cause, Check: SSH}, b.now); s != "" {
		return fmt.Sprintf("%s: %s", e.Cause, s)
	}
	if until, off := expectedOff(b.fleet, e.Cause, b.now); off {
		return fmt.Sprintf("%s: %s%s", e.Cause, offAsExpected, clock(until, b.now))
	}
	return ""
}

// on returns the host that was last seen to run a service; where no check of
// it finds that out, the one of the inventory.
func (b *board) on(t *inventory.Target, es []actions.Entry) inventory.Ref {
	var seen actions.Entry
	for _, e := range es {
		if e.Check == Placement {
			return e.On
		}
		if e.On != "" && (seen.On == "" || e.At.After(seen.At)) {
			seen = e
		}
	}
	if seen.On != "" {
		return seen.On
	}
	return t.Host
}

// blame fills in the cause of a row.
func (b *board) blame(t *inventory.Target) {
	r := b.rows[t.Ref]
	if r.Check == Backup || r.Check == Exposed {
		return // what is wrong with a host explains neither
	}
	seen := map[inventory.Ref]bool{t.Ref: true}
	first := b.first(t, seen, r.State == actions.OK)
	switch {
	case first != "" && r.Cause == "" && r.State == actions.OK:
		r.Cause = first
		r.Summary = actions.Line(fmt.Sprintf("%s; stands on %s, which is %s", r.Summary, first, b.rows[first].State))
	case first != "" && (r.Cause == "" || r.Cause == t.Ref):
		r.Cause = first
		r.Summary = actions.Line(fmt.Sprintf("%s; likely because of %s", r.Summary, first))
	case first != "":
		r.Cause = first
	case r.Cause == t.Ref:
		r.Cause = "" // it is its own
	}
}

// first returns the first cause below a target, "" when there is none; with
// failOnly only what failed is one.
func (b *board) first(t *inventory.Target, seen map[inventory.Ref]bool, failOnly bool) inventory.Ref {
	below := []inventory.Ref{t.Host, t.On}
	below = append(below, t.Needs...)
	if r := b.rows[t.Ref]; r != nil && r.Cause != "" && r.Cause != t.Ref {
		below = slices.Insert(below, 0, r.Cause)
	}
	for _, ref := range below {
		d, ok := b.fleet.Target(ref)
		if !ok || seen[ref] {
			continue
		}
		seen[ref] = true
		if !b.broken(d) {
			continue
		}
		if deeper := b.first(d, seen, failOnly); deeper != "" {
			return deeper
		}
		if !failOnly || b.rows[ref].State == actions.Fail {
			return ref
		}
	}
	return ""
}

// broken reports whether a target is in such a state that what stands on it
// suffers: it failed, is a host that cannot be used, or stands on one.
func (b *board) broken(t *inventory.Target) bool {
	r := b.rows[t.Ref]
	if r.State == actions.Fail {
		// A copy that is late breaks nobody.
		return slices.ContainsFunc(b.state.Of(t.Ref), func(e actions.Entry) bool {
			return e.Status == actions.Fail && e.Check != Backup && e.Check != Exposed
		})
	}
	if r.State != actions.Unknown {
		return false
	}
	if e, ok := b.state.Find(actions.Key{Target: t.Ref, Check: SSH}); ok && isHost(t.Ref) {
		return e.Status != actions.OK
	}
	return r.Skipped > 0
}

// ExitCode returns the exit code for rows: 2 for fail over 1 for warn over 3
// for unknown over 0. A stale ok is unknown; muted rows do not count. With
// failOn Fail a warning does not count either; what is unknown always does.
func ExitCode(ss []actions.Summary, failOn actions.Status) int {
	w := actions.OK
	for _, s := range ss {
		state := s.State
		if state == actions.OK && s.Stale {
			state = actions.Unknown
		}
		if s.Muted != "" || state == actions.Warn && failOn == actions.Fail {
			continue
		}
		w = actions.Worst(w, state)
	}
	return int(w)
}

// age words a span for people, in its two largest units.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(0, d); {
	case d >= day:
		return fmt.Sprintf("%dd %dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

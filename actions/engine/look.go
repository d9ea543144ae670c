package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/actions/store"
	"jurymast/inventory"
	"jurymast/ssh"
)

// WhenDue as a MaxAge looks at each check when its own interval has passed.
const WhenDue = check.ByInterval

// commitTime bounds what keeping a sweep may take once the admin wants to leave.
const commitTime = 10 * time.Second

// seriesBack is how far back a check sees its own numbers: long enough for a
// weekly rhythm to show in how a disk fills.
const seriesBack = 8 * 24 * time.Hour

// LookOptions says what to look at.
type LookOptions struct {
	Targets  []*inventory.Target
	Only     []string       // ids of checks; empty: all
	MaxAge   time.Duration  // 0: everything now; WhenDue; else only what is older
	Progress func(Progress) // called from one goroutine; may be nil
	Asks     <-chan Ask     // of a watch: what else is to be looked at, now; nil: nothing
}

// Progress is one step of a look: a host is asked, or has answered.
type Progress struct {
	Host inventory.Ref
	Done bool
	Err  error // why it could not be looked at
	Took time.Duration
}

// Sight is what a look saw.
type Sight struct {
	State     actions.State
	Summaries []actions.Summary // of the whole fleet
	Changes   []actions.Event
	// Trouble is set when hosts were asked and none could be looked at.
	Trouble *Trouble
	// Store is set when what was seen could not be kept. It is seen all the same.
	Store *Trouble
	// Waiting is how many hosts of the first round of a watch have not answered.
	Waiting int

	fleet *inventory.Fleet
	now   time.Time
}

// Of returns the summaries of targets.
func (s Sight) Of(ts []*inventory.Target) []actions.Summary {
	want := map[inventory.Ref]bool{}
	for _, t := range ts {
		want[t.Ref] = true
	}
	return slices.DeleteFunc(slices.Clone(s.Summaries), func(x actions.Summary) bool { return !want[x.Ref] })
}

// Only returns the summaries of targets as they are when nothing but the named
// checks counts; targets without one of them are left out.
func (s Sight) Only(ts []*inventory.Target, only []string) []actions.Summary {
	var kept []actions.Entry
	have := map[inventory.Ref]bool{}
	s.State.All(func(e actions.Entry) bool {
		if slices.Contains(only, e.Check) {
			kept = append(kept, e)
			have[e.Target] = true
		}
		return true
	})
	part := s
	part.Summaries = check.Summaries(s.fleet, actions.MakeState(kept, s.State.Silences), s.now)
	return part.Of(slices.DeleteFunc(slices.Clone(ts), func(t *inventory.Target) bool { return !have[t.Ref] }))
}

// Look looks now, keeps what it saw and returns it. A store that cannot be
// used does not keep it from looking: that is said in Sight.Store. Its error is
// a [Trouble], or the context's; what was seen before the context ended is kept.
func (e *Engine) Look(ctx context.Context, o LookOptions) (Sight, error) {
	s, prev, trouble := e.recall(ctx)
	l := e.looker()
	visits := only(l.Due(e.fleet, o.Targets, prev, e.now(), o.MaxAge), o.Only)
	done, err := e.withSeries(ctx, l, s, visits, prev)
	if err != nil {
		trouble = asTrouble(err)
	}
	defer done()
	if o.MaxAge == 0 {
		e.anew(visits)
	}
	looks := e.sweep(ctx, l, visits, o.Progress)
	if s != nil && len(o.Only) == 0 {
		more, err := e.unaskedYet(ctx, s, o.Targets)
		if err != nil {
			trouble = asTrouble(err)
		}
		looks = append(looks, more...)
	}
	return e.settle(ctx, s, prev, looks, trouble), ctx.Err()
}

// unaskedYet is [Engine.unasked] of a look whose time may have passed: what no
// host is asked for is known all the same.
func (e *Engine) unaskedYet(ctx context.Context, s *store.Store, targets []*inventory.Target) ([]check.Look, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	return e.unasked(ctx, s, targets)
}

// withSeries lets a looker ask for the numbers of before; done is called when
// it has looked.
func (e *Engine) withSeries(ctx context.Context, l *check.Looker, s *store.Store, visits []check.Visit, prev actions.State) (done func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	bulk, err := e.series(ctx, s, visits, prev)
	if err != nil {
		return func() {}, err
	}
	l.Series = bulk.Points
	return func() { e.lost(bulk.Err()) }, nil
}

// settle puts looks into what was seen before and keeps them. Trouble is what
// was wrong with the store until then; nil for nothing.
func (e *Engine) settle(ctx context.Context, s *store.Store, prev actions.State, looks []check.Look, trouble *Trouble) Sight {
	now := e.now()
	next, changes, gone := check.Merge(e.fleet, prev, looks, now)
	if s != nil && len(looks) > 0 {
		if err := e.keep(ctx, s, prev, next, changes, gone, now); err != nil {
			trouble = asTrouble(err)
		}
	}
	return Sight{
		State: next, Summaries: check.Summaries(e.fleet, next, now), Changes: changes,
		Trouble: nothingReached(looks), Store: trouble, fleet: e.fleet, now: now,
	}
}

// recall returns what was seen before. Without a store there is nothing, and
// the trouble that says why.
func (e *Engine) recall(ctx context.Context) (*store.Store, actions.State, *Trouble) {
	s, err := e.store()
	if err != nil {
		return nil, actions.State{}, asTrouble(err)
	}
	prev, err := s.State(ctx)
	if err != nil {
		return nil, actions.State{}, asTrouble(storeTrouble("what was seen before cannot be read", err))
	}
	return s, prev, nil
}

// anew has hosts tried at once that are left alone since they failed, and a
// person asked again for what they did not give: somebody wants to know now.
func (e *Engine) anew(visits []check.Visit) {
	for _, v := range visits {
		e.pool().Forget(string(v.Host))
	}
}

func asTrouble(err error) *Trouble {
	var t *Trouble
	if errors.As(err, &t) {
		return t
	}
	return &Trouble{Class: ClassStore, What: "the store cannot be used", Err: err, Next: "jurymast doctor"}
}

func (e *Engine) sweep(ctx context.Context, l *check.Looker, visits []check.Visit, progress func(Progress)) []check.Look {
	if progress == nil {
		progress = func(Progress) {}
	}
	for _, v := range visits {
		progress(Progress{Host: v.Host})
	}
	var looks []check.Look
	for k := range l.Sweep(ctx, e.fleet, visits) {
		looks = append(looks, k)
		progress(Progress{Host: k.Host, Done: true, Err: k.Err, Took: k.Took})
	}
	return looks
}

// only drops the checks that were not asked for. Every host keeps the check
// whether it answers: without it the others could not be understood.
func only(visits []check.Visit, ids []string) []check.Visit {
	if len(ids) == 0 {
		return visits
	}
	var out []check.Visit
	for _, v := range visits {
		asked := false
		v.Checks = slices.DeleteFunc(slices.Clone(v.Checks), func(d check.Due) bool {
			want := slices.Contains(ids, d.Check.ID)
			asked = asked || want
			return !want && d.Check.ID != check.SSH
		})
		if asked {
			out = append(out, v)
		}
	}
	return out
}

// series reads, in one go, the numbers that the due checks may ask for.
func (e *Engine) series(ctx context.Context, s *store.Store, visits []check.Visit, prev actions.State) (*store.Bulk, error) {
	due := map[actions.Key]bool{}
	for _, v := range visits {
		for _, d := range v.Checks {
			due[actions.Key{Target: d.Target, Check: d.Check.ID}] = true
		}
	}
	var keys []actions.Key
	prev.All(func(en actions.Entry) bool {
		if len(en.Metrics) > 0 && due[actions.Key{Target: en.Target, Check: en.Check}] {
			keys = append(keys, en.Key())
		}
		return true
	})
	bulk, err := s.SeriesFor(ctx, e.now().Add(-seriesBack), keys...)
	if err != nil {
		return nil, storeTrouble("the course of the metrics cannot be read", err)
	}
	return bulk, nil
}

// lost notes that a course of numbers could not be read: what is foretold from
// it is left out, nothing else.
func (e *Engine) lost(err error) {
	if err != nil {
		e.options.Log.Warn("a course of numbers could not be read", "err", err)
	}
}

// keep writes what the looks brought, also when the admin has just pressed
// ctrl-c: what was seen was seen. Acknowledgements of what is well again end.
func (e *Engine) keep(ctx context.Context, s *store.Store, prev, next actions.State, changes []actions.Event, gone []actions.Key, now time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	if err := s.Commit(ctx, store.Sweep{Entries: news(prev, next), Gone: gone, Events: changes, At: now}); err != nil {
		return storeTrouble("what was seen could not be kept", err)
	}
	for _, q := range check.Ended(prev, next) {
		if err := s.EndSilence(ctx, q.ID, now); err != nil && !errors.Is(err, store.ErrNotFound) {
			return storeTrouble("an acknowledgement could not be ended", err)
		}
	}
	return nil
}

// news returns the entries that are not in the store already.
func news(prev, next actions.State) []actions.Entry {
	var out []actions.Entry
	next.All(func(e actions.Entry) bool {
		old, ok := prev.Find(e.Key())
		if !ok || !old.At.Equal(e.At) || old.Status != e.Status || old.Cause != e.Cause || old.Bad != e.Bad || !old.Since.Equal(e.Since) {
			out = append(out, e)
		}
		return true
	})
	return out
}

// nothingReached says why, when hosts were asked and not one could be looked
// at. Different reasons are one "nothing reachable".
func nothingReached(looks []check.Look) *Trouble {
	var t *Trouble
	for _, k := range looks {
		if k.Host == inventory.Console {
			continue
		}
		if k.Err == nil {
			return nil
		}
		var e *ssh.Error
		if !errors.As(k.Err, &e) {
			return nil // ended by us, not by the fleet
		}
		class := ClassOfHost(e.Trouble)
		switch {
		case t == nil:
			t = &Trouble{Class: class, Next: e.Hint}
		case t.Class != class:
			t.Class, t.Next = ClassUnreachable, "is this machine on the network? jurymast doctor"
		}
		t.Details = append(t.Details, e.Error())
	}
	if t != nil {
		t.What = fmt.Sprintf("not one of %d hosts could be looked at", len(t.Details))
	}
	return t
}

package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/inventory"
)

// gather is how long answers are collected before they are put into the state
// together: a thousand hosts that answer within a second are a few commits.
const gather = 200 * time.Millisecond

// restEvery is how often a watch looks at what needs no machine. Each time is a
// commit, so that it is not done at every beat.
const restEvery = 5 * time.Second

// Ask is a wish, put to a watch under way, to have targets looked at now.
type Ask struct {
	Targets []*inventory.Target
	// Answered is called from the watch's goroutine once every host that it takes
	// has answered and what it said was shown; never when the watch ends before.
	// It must not wait.
	Answered func()
}

// Watch looks at each check when it is due, until ctx ends, and calls see with
// what is known after every beat and soon after something came. Each host has
// its own rhythm: one that takes long to answer holds up no other. The first
// round is as o says. What comes from o.Asks is looked at at once, or as soon as
// a host has answered what it was asked before: no host is asked twice at a time.
//
// Its error is see's, which ends it, or the context's. See and o.Progress are
// called from one goroutine, Progress last with Done for every host that it was
// told of. What see was not shown yet when ctx ended is kept all the same.
func (e *Engine) Watch(ctx context.Context, o LookOptions, beat time.Duration, see func(Sight) error) error {
	ctx, cancel := context.WithCancel(ctx)
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	w := &watch{Engine: e, o: o, see: see, looks: make(chan check.Look), busy: map[inventory.Ref]bool{}, first: map[inventory.Ref]bool{}}
	defer w.sweeps.Wait()
	defer cancel()
	err := w.run(ctx, beat)
	for host := range w.busy {
		o.Progress(Progress{Host: host, Done: true, Err: err})
	}
	return err
}

// watch is one watch under way. All but its sweeps is one goroutine's.
type watch struct {
	*Engine
	o      LookOptions
	see    func(Sight) error
	sweeps sync.WaitGroup
	looks  chan check.Look

	busy  map[inventory.Ref]bool // hosts that are being looked at
	first map[inventory.Ref]bool // those of them of the first round
	asks  []*asked
	came  []check.Look  // and are not yet part of the state
	last  actions.State // stands in for a store that cannot be read

	rested time.Time // what needs no machine was looked at then
}

// asked is an Ask that was not answered yet.
type asked struct {
	Ask
	left map[inventory.Ref]bool // hosts that have not answered it: whether they were asked
}

func (w *watch) run(ctx context.Context, period time.Duration) error {
	beat := time.NewTicker(period)
	defer beat.Stop()
	soon := time.NewTimer(gather)
	soon.Stop()
	defer soon.Stop()
	w.begin(ctx, w.known(ctx), w.o.Targets, w.o.MaxAge, w.free)
	for v := range w.busy {
		w.first[v] = true
	}
	if len(w.busy) == 0 { // nothing is due: it is known where things stand
		if err := w.show(ctx, true); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			if len(w.came) > 0 {
				w.settleCame(ctx, false)
			}
			return ctx.Err()
		case look := <-w.looks:
			if len(w.came) == 0 {
				soon.Reset(gather)
			}
			w.arrived(look)
		case a := <-w.o.Asks:
			w.ask(ctx, a)
		case <-soon.C:
			if err := w.show(ctx, false); err != nil {
				return err
			}
			w.beginAsked(ctx, w.last)
		case <-beat.C:
			soon.Stop()
			if err := w.show(ctx, true); err != nil {
				return err
			}
			w.beginAsked(ctx, w.last)
			w.begin(ctx, w.last, w.o.Targets, WhenDue, w.free)
		}
	}
}

// free reports whether a host can be looked at.
func (w *watch) free(host inventory.Ref) bool { return !w.busy[host] }

// known returns what was seen before; where that cannot be read, what this watch
// has seen itself, and the next sight tells of it.
func (w *watch) known(ctx context.Context) actions.State {
	if _, prev, trouble := w.recall(ctx); trouble == nil {
		return prev
	}
	return w.last
}

// arrived notes what a host has answered.
func (w *watch) arrived(look check.Look) {
	w.came = append(w.came, look)
	delete(w.busy, look.Host)
	delete(w.first, look.Host)
	for _, a := range w.asks {
		if a.left[look.Host] {
			delete(a.left, look.Host)
		}
	}
	w.o.Progress(Progress{Host: look.Host, Done: true, Err: look.Err, Took: look.Took})
}

// show shows what is known, with what came since it was shown last, and tells
// those whose wishes it answers.
func (w *watch) show(ctx context.Context, beat bool) error {
	if err := w.see(w.settleCame(ctx, beat)); err != nil {
		return err
	}
	w.asks = slices.DeleteFunc(w.asks, func(a *asked) bool {
		if len(a.left) > 0 {
			return false
		}
		a.Answered()
		return true
	})
	return nil
}

// settleCame makes what came part of the state. A beat also looks, now and then, at
// what needs no machine.
func (w *watch) settleCame(ctx context.Context, beat bool) Sight {
	s, prev, trouble := w.recall(ctx)
	if trouble != nil {
		prev = w.last
	}
	looks := w.came
	w.came = nil
	if now := w.now(); beat && s != nil && len(w.o.Only) == 0 && now.Sub(w.rested) >= restEvery {
		w.rested = now
		more, err := w.unasked(ctx, s, w.o.Targets)
		if err != nil {
			trouble = asTrouble(err)
		}
		looks = append(looks, more...)
	}
	sight := w.settle(ctx, s, prev, looks, trouble)
	sight.Waiting = len(w.first)
	w.last = sight.State
	return sight
}

// ask takes a wish on and sends out what of it can be looked at by now.
func (w *watch) ask(ctx context.Context, a Ask) {
	prev := w.known(ctx)
	n := &asked{a, map[inventory.Ref]bool{}}
	for _, v := range w.due(w.looker(), prev, a.Targets, 0) {
		n.left[v.Host] = false
	}
	if len(n.left) == 0 {
		a.Answered()
		return
	}
	w.asks = append(w.asks, n)
	w.beginAsked(ctx, prev)
}

// beginAsked sends out what was asked of hosts that have answered what they were
// asked before.
func (w *watch) beginAsked(ctx context.Context, prev actions.State) {
	wanted := map[inventory.Ref]bool{}
	var targets []*inventory.Target
	for _, a := range w.asks {
		some := false
		for host, sent := range a.left {
			if !sent && w.free(host) {
				wanted[host], some = true, true
			}
		}
		if some {
			targets = append(targets, a.Targets...)
		}
	}
	if len(wanted) == 0 {
		return
	}
	slices.SortFunc(targets, func(a, b *inventory.Target) int { return cmp.Compare(a.Ref, b.Ref) })
	w.begin(ctx, prev, slices.Compact(targets), 0, func(host inventory.Ref) bool { return wanted[host] })
	for _, a := range w.asks {
		for host := range a.left {
			a.left[host] = a.left[host] || wanted[host]
		}
	}
}

func (w *watch) due(l *check.Looker, prev actions.State, ts []*inventory.Target, maxAge time.Duration) []check.Visit {
	return only(l.Due(w.fleet, ts, prev, w.now(), maxAge), w.o.Only)
}

// begin sends out a sweep of what is due of targets on the hosts that are
// wanted.
func (w *watch) begin(ctx context.Context, prev actions.State, ts []*inventory.Target, maxAge time.Duration, wanted func(inventory.Ref) bool) {
	l := w.looker()
	visits := slices.DeleteFunc(w.due(l, prev, ts, maxAge), func(v check.Visit) bool { return !wanted(v.Host) })
	if len(visits) == 0 {
		return
	}
	if maxAge == 0 {
		w.anew(visits)
	}
	for _, v := range visits {
		w.busy[v.Host] = true
		w.o.Progress(Progress{Host: v.Host})
	}
	s, _ := w.store() // one that cannot be opened is told of with every sight
	done, err := w.withSeries(ctx, l, s, visits, prev)
	if err != nil {
		w.lost(err)
	}
	w.sweeps.Go(func() {
		defer done()
		for k := range l.Sweep(ctx, w.fleet, visits) {
			select {
			case w.looks <- k:
			case <-ctx.Done():
				return
			}
		}
	})
}

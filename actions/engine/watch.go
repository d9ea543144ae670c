package engine

import (
	"context"
	"sync"
	"time"

	"jurymast/actions"
	"jurymast/actions/check"
	"jurymast/inventory"
)

// gather is how long answers are collected before they are put into the state
// together: a thousand hosts that answer within a second are a few commits.
const gather = 200 * time.Millisecond

// Watch looks at each check when it is due, until ctx ends, and calls see with
// what is known after every beat and soon after something came. Each host has
// its own rhythm: one that takes long to answer holds up no other. The first
// round is as o says; Progress is not told.
//
// Its error is see's, which ends it, or the context's. See is called from one
// goroutine, and what it was not shown yet when ctx ended is kept all the same.
func (e *Engine) Watch(ctx context.Context, o LookOptions, beat time.Duration, see func(Sight) error) error {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{Engine: e, o: o, see: see, looks: make(chan check.Look), busy: map[inventory.Ref]bool{}, first: map[inventory.Ref]bool{}}
	defer w.sweeps.Wait()
	defer cancel()
	return w.run(ctx, beat)
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
	came  []check.Look           // and are not yet part of the state
	last  actions.State          // stands in for a store that cannot be read
}

func (w *watch) run(ctx context.Context, period time.Duration) error {
	beat := time.NewTicker(period)
	defer beat.Stop()
	soon := time.NewTimer(gather)
	soon.Stop()
	defer soon.Stop()
	w.begin(ctx, w.o.MaxAge)
	for v := range w.busy {
		w.first[v] = true
	}
	if len(w.busy) == 0 { // nothing is due: it is known where things stand
		if err := w.see(w.settleCame(ctx, true)); err != nil {
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
			w.came = append(w.came, look)
			delete(w.busy, look.Host)
			delete(w.first, look.Host)
		case <-soon.C:
			if err := w.see(w.settleCame(ctx, false)); err != nil {
				return err
			}
		case <-beat.C:
			soon.Stop()
			if err := w.see(w.settleCame(ctx, true)); err != nil {
				return err
			}
			w.begin(ctx, WhenDue)
		}
	}
}

// settleCame makes what came part of the state. A beat also looks at what needs
// no machine.
func (w *watch) settleCame(ctx context.Context, beat bool) Sight {
	s, prev, trouble := w.recall(ctx)
	if trouble != nil {
		prev = w.last
	}
	looks := w.came
	w.came = nil
	if beat && s != nil && len(w.o.Only) == 0 {
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

// begin sends out a sweep of what is due of hosts that are not being looked at.
func (w *watch) begin(ctx context.Context, maxAge time.Duration) {
	s, prev, trouble := w.recall(ctx)
	if trouble != nil {
		prev = w.last // it is told of with the next sight
	}
	l := w.looker()
	var visits []check.Visit
	for _, v := range only(l.Due(w.fleet, w.o.Targets, prev, w.now(), maxAge), w.o.Only) {
		if !w.busy[v.Host] {
			w.busy[v.Host] = true
			visits = append(visits, v)
		}
	}
	if len(visits) == 0 {
		return
	}
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

package check

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"jurymast/inventory"
	"jurymast/ssh"
)

// Sweep makes visits side by side and yields what came of each as it comes; a
// host that takes long holds up no other. When it returns, or the caller stops
// ranging, everything it began has ended.
//
// A host that cannot be reached is yielded once others have been asked whether
// they reach it: as soon as two hosts have answered, after a while when one has or
// it has refused, else at the end. Others are asked about one that says nothing at
// all while it is still waited for.
//
// A look that was called off, because ctx was cancelled, says nothing: it has
// neither Asked nor Results. When a deadline of ctx passes, what has not
// answered until then is unknown.
func (l *Looker) Sweep(ctx context.Context, f *inventory.Fleet, visits []Visit) iter.Seq[Look] {
	return func(yield func(Look) bool) {
		ctx, cancel := context.WithCancel(ctx)
		// There is room for everything: whoever ranges may stop, or panic, at
		// any time, and nothing that was begun may then wait to be heard.
		s := sweep{Looker: l, fleet: f, looks: make(chan Look, len(visits)), judged: make(chan Look, len(visits)), visits: visits}
		defer s.all.Wait()
		defer cancel()
		s.start(ctx)
		s.patience = time.NewTimer(patience)
		defer s.patience.Stop()
		s.patience.Stop() // nobody waits yet
		for s.open = len(visits); s.open > 0 || s.judging > 0; {
			var look Look
			select {
			case <-s.patience.C:
				s.late = true
				s.sendOut(ctx, func(w Look) bool { return s.answered.count() > 0 || errors.Is(w.Err, ssh.Refused) })
				continue
			case look = <-s.looks:
				s.open--
				if !s.settle(ctx, look) {
					continue
				}
			case look = <-s.judged:
				s.judging--
			}
			if !yield(look) {
				return
			}
		}
	}
}

// patience is how long a host that could not be reached waits for two others to
// answer: longer than an answer takes, shorter than one that hangs is waited for.
const patience = 2 * time.Second

// sweep is one sweep under way. Its counts belong to the goroutine that
// yields.
type sweep struct {
	*Looker
	fleet  *inventory.Fleet
	visits []Visit
	looks  chan Look // of hosts as they were seen from here
	judged chan Look // of hosts that could not be reached, after others were asked
	all    sync.WaitGroup

	open     int             // looks still to come
	judging  int             // verdicts still to come
	answered answering       // hosts, in the order in which they answered
	failed   []inventory.Ref // hosts that could not be used
	waiting  []Look          // unreachable, until there is somebody to ask
	patience *time.Timer     // runs while one of them may yet be told of two that answer
	late     bool            // it has run out
}

// start starts the workers. Each ends when the visits do.
func (s *sweep) start(ctx context.Context) {
	next := make(chan Visit)
	s.all.Go(func() {
		defer close(next)
		for _, v := range s.visits {
			next <- v
		}
	})
	for range min(s.concurrency(), len(s.visits)) {
		s.all.Go(func() {
			for v := range next {
				s.looks <- s.look(ctx, v)
			}
		})
	}
}

// look makes a visit. Others are asked about a host that is silent meanwhile.
func (s *sweep) look(ctx context.Context, v Visit) Look {
	if v.Host == inventory.Console || len(v.Checks) == 0 {
		return s.visit(ctx, s.fleet, v)
	}
	p := s.presume(ctx, v.Host)
	look := s.visit(ctx, s.fleet, v)
	if p != nil && look.Err == nil {
		p.stop()
		p = nil
	}
	s.elsewhere(ctx, &look)
	look.presumed = p
	return look
}

// settle takes a look and reports whether it can be yielded as it is. It also
// sends those that wait for witnesses on their way.
func (s *sweep) settle(ctx context.Context, look Look) (final bool) {
	final = true
	switch {
	case look.Host == inventory.Console || len(look.Asked) == 0:
	case look.Err == nil:
		s.answered.add(look.Host)
	default:
		s.failed = append(s.failed, look.Host)
		if final = !s.judge(ctx, look); !final {
			if len(s.waiting) == 0 || s.late {
				s.patience.Reset(patience)
				s.late = false
			}
			s.waiting = append(s.waiting, look)
		} else if look.presumed != nil {
			look.presumed.stop()
		}
	}
	if n := s.answered.count(); len(s.waiting) > 0 && (n >= witnesses || n > 0 && s.late || s.open == 0) {
		s.sendOut(ctx, func(Look) bool { return true })
	}
	return final
}

// sendOut has others asked about those that wait for it and of whom ready says
// that there is no use in waiting longer.
func (s *sweep) sendOut(ctx context.Context, ready func(Look) bool) {
	var rest []Look
	answered := s.answered.all()
	for _, w := range s.waiting {
		if !ready(w) {
			rest = append(rest, w)
			continue
		}
		ask := candidates(s.fleet, w.Host, answered, s.failed)
		alone := len(answered) == 0
		s.judging++
		s.all.Go(func() {
			t, _ := s.fleet.Target(w.Host) // it was looked at
			v, enough := w.presumed.verdict(t, w.Err)
			if !enough {
				v = s.vantage(ctx, s.fleet, w, ask)
			}
			v.alone = alone && len(v.unseen) == 0 && len(v.seen) == 0
			s.judged <- s.convict(s.fleet, w, v)
		})
	}
	s.waiting = rest
}

// judge reports whether others should be asked about a host: it cannot be
// reached, and that is neither expected nor the fault of a host on the way.
func (s *sweep) judge(ctx context.Context, look Look) bool {
	if ctx.Err() != nil || !look.silent || !reachability(look.Err) || via(look.Err) != "" {
		return false
	}
	_, off := expectedOff(s.fleet, look.Host, s.now())
	return !off
}

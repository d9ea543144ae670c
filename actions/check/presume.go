package check

import (
	"context"
	"slices"
	"sync"
	"time"

	"jurymast/inventory"
)

// hushed is how long a host may be silent until others are asked about it, while
// it is still waited for here: a host that is well has long said its first word.
const hushed = 2 * time.Second

// presumption is what others say of a host while it is still being tried from
// here. It spares nobody's word: the host is down only if it is not reached from
// here either, in the end.
type presumption struct {
	about string // the address that they were asked about
	said  chan verdict
	stop  context.CancelFunc
}

// answering are the hosts that have answered in a sweep.
type answering struct {
	mu    sync.Mutex
	hosts []inventory.Ref
}

func (a *answering) add(h inventory.Ref) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts = append(a.hosts, h)
}

func (a *answering) all() []inventory.Ref {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.hosts)
}

// count is how many there are.
func (a *answering) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.hosts)
}

// presume asks about a host that is about to be looked at, should it be silent
// for too long. It returns nil where that cannot be told.
func (s *sweep) presume(ctx context.Context, host inventory.Ref) *presumption {
	t, ok := s.fleet.Target(host)
	if s.Heard == nil || !ok {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &presumption{about: target(t, nil), said: make(chan verdict, 1), stop: cancel}
	before := s.Heard(string(host))
	s.all.Go(func() {
		var v verdict
		defer func() { p.said <- v }()
		wait := time.NewTimer(hushed)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return
		}
		answered := s.answered.all()
		if len(answered) == 0 || s.Heard(string(host)) != before {
			return
		}
		ask := candidates(s.fleet, host, answered, nil)
		v = s.vantage(ctx, s.fleet, Look{Host: host}, ask[:min(len(ask), witnesses)])
	})
	return p
}

// verdict returns what was said, and whether that is enough: two others do not
// reach the host at the address at which it was not reached from here. Whatever
// else they said may be no longer so, and they are asked again.
func (p *presumption) verdict(t *inventory.Target, err error) (verdict, bool) {
	if p == nil {
		return verdict{}, false
	}
	defer p.stop()
	if p.about != target(t, err) {
		return verdict{}, false
	}
	v := <-p.said
	return v, len(v.unseen) >= witnesses && len(v.seen) == 0
}

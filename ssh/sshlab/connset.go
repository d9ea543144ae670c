package sshlab

import (
	"io"
	"sync"
)

// connSet is a set of open things, each with a goroutine that serves it.
type connSet struct {
	mu       sync.Mutex
	open     map[io.Closer]struct{}
	shutdown bool
	wg       sync.WaitGroup
}

func newConnSet() *connSet { return &connSet{open: map[io.Closer]struct{}{}} }

// run serves c in a goroutine and closes it afterwards. A set that was shut
// closes it at once.
func (s *connSet) run(c io.Closer, serve func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shutdown {
		_ = c.Close() // nobody has used it
		return
	}
	s.open[c] = struct{}{}
	s.wg.Go(func() {
		serve()
		_ = c.Close() // its work is done
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	})
}

// each calls f for everything open now.
func (s *connSet) each(f func(io.Closer)) {
	s.mu.Lock()
	list := make([]io.Closer, 0, len(s.open))
	for c := range s.open {
		list = append(list, c)
	}
	s.mu.Unlock()
	for _, c := range list {
		f(c)
	}
}

// shut closes everything and takes nothing more.
func (s *connSet) shut() {
	s.mu.Lock()
	s.shutdown = true
	s.mu.Unlock()
	s.each(func(c io.Closer) { _ = c.Close() })
}

// wait returns when all goroutines have.
func (s *connSet) wait() { s.wg.Wait() }

//go:build linux && fleet

package suite

import (
	"sync"
	"sync/atomic"
	"testing"
)

// places are shared by the tests that run at a time, each with beds of its own:
// they wait for much of their time, and more of them would starve each other on
// two processors.
const places = 4

// Places that a test takes.
const (
	light = 1 // a bed of containers
	heavy = 2 // a virtual machine, whose processors are made of software, or a swarm
)

var (
	turn  sync.Mutex // of who takes places: two that each wait for the other's last one would wait for ever
	taken = make(chan struct{}, places)
	// first is closed once the test that goes first, where it is run at all, has
	// its places.
	first     = make(chan struct{})
	goesFirst atomic.Bool
	begun     = sync.OnceFunc(func() { close(first) })
)

// beside lets a test run beside others, once it has its places.
func beside(t *testing.T, n int) {
	t.Helper()
	t.Parallel()
	if goesFirst.Load() {
		<-first
	}
	take(t, n)
}

// besideFirst is beside for the test that takes longest: it goes first, so that
// it does not run alone in the end.
func besideFirst(t *testing.T, n int) {
	t.Helper()
	goesFirst.Store(true) // nothing that runs beside others goes on before all of them were asked
	t.Parallel()
	take(t, n)
	begun()
}

func take(t *testing.T, n int) {
	turn.Lock()
	defer turn.Unlock()
	for range n {
		taken <- struct{}{}
		t.Cleanup(func() { <-taken })
	}
}

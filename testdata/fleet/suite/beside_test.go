//go:build linux && fleet

package suite

import (
	"sync"
	"sync/atomic"
	"testing"
)

// places is how many tests run at a time, each with beds of its own: they wait
// for most of their time, and more of them would starve each other on two
// processors.
const places = 3

var (
	taken = make(chan struct{}, places)
	// first is closed once the test that goes first, where it is run at all, has
	// its places.
	first     = make(chan struct{})
	goesFirst atomic.Bool
	begun     = sync.OnceFunc(func() { close(first) })
)

// beside lets a test run beside others, once it has a place.
func beside(t *testing.T) {
	t.Helper()
	t.Parallel()
	if goesFirst.Load() {
		<-first
	}
	take(t)
}

// besideFirst lets a test that takes n places run beside others. The one that
// takes longest goes first, so that it does not run alone in the end.
func besideFirst(t *testing.T, n int) {
	t.Helper()
	goesFirst.Store(true) // nothing that runs beside others goes on before all of them were asked
	t.Parallel()
	for range n {
		take(t)
	}
	begun()
}

func take(t *testing.T) {
	taken <- struct{}{}
	t.Cleanup(func() { <-taken })
}

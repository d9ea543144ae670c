//go:build linux && fleet

package suite

import (
	"cmp"
	"slices"
	"sync"
	"testing"
	"time"
)

// places are shared by the tests that run at a time, each with beds of its own:
// they wait for much of their time, and more of them would starve each other on
// two processors.
const places = 5

// Places that a test takes.
const (
	light = 1 // a bed of containers
	heavy = 2 // a virtual machine, whose processors are made of software, or a swarm
)

// line is where tests stand that run beside others. Who takes longest goes
// first, so that none runs alone in the end.
var line queue

// queue grants places. The zero queue has all of them, and none who waits.
type queue struct {
	mu      sync.Mutex
	taken   int
	holds   int       // who will bring more, before whom nobody is let go
	waiting []*waiter // who takes longest first
}

type waiter struct {
	n     int
	takes time.Duration
	goes  chan struct{} // closed once it has its places
}

// beside lets a test run beside others, once it has its places. About how long
// it takes, all tests beside each other, says who goes first and nothing else.
func beside(t *testing.T, n int, takes time.Duration) {
	t.Helper()
	w := &waiter{n: n, takes: takes, goes: make(chan struct{})}
	line.stands(w)
	t.Parallel() // goes on once all of them stand in line
	begin := time.Now()
	line.next()
	<-w.goes
	waited := time.Since(begin)
	t.Cleanup(func() {
		t.Logf("waited %.0f s and took %.0f s", waited.Seconds(), (time.Since(begin) - waited).Seconds())
		line.leaves(w)
	})
}

// brings is for a test whose parts run beside other tests, each by [beside]:
// nobody goes before they stand in line, which the caller says.
func brings(t *testing.T) (allStand func()) {
	t.Helper()
	line.holdUp(1)
	t.Parallel()
	allStand = sync.OnceFunc(func() { line.holdUp(-1) })
	t.Cleanup(allStand)
	return allStand
}

func (q *queue) stands(w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
	slices.SortStableFunc(q.waiting, func(a, b *waiter) int { return cmp.Compare(b.takes, a.takes) })
}

func (q *queue) holdUp(n int) {
	q.mu.Lock()
	q.holds += n
	q.mu.Unlock()
	q.next()
}

func (q *queue) leaves(w *waiter) {
	q.mu.Lock()
	q.taken -= w.n
	q.mu.Unlock()
	q.next()
}

// next lets those go who have places. Nobody is overtaken: who takes two would
// wait for ever behind those who take one.
func (q *queue) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.holds == 0 && len(q.waiting) > 0 && q.taken+q.waiting[0].n <= places {
		w := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.taken += w.n
		close(w.goes)
	}
}

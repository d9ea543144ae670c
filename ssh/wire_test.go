package ssh

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// wire is a way to a server with a length and scissors: what goes through
// arrives a delay later, and can be held back or cut.
type wire struct {
	addr  string
	delay time.Duration // each way

	mu    sync.Mutex
	held  chan struct{} // closed while nothing is held back
	conns []net.Conn
}

// newWire returns a wire to addr that is there until the test ends.
func newWire(t testing.TB, addr string, delay time.Duration) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{addr: l.Addr().String(), delay: delay, held: make(chan struct{})}
	close(w.held)
	var work sync.WaitGroup
	work.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", addr)
			if err != nil {
				_ = in.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, in, out)
			w.mu.Unlock()
			work.Go(func() { w.carry(in, out) })
			work.Go(func() { w.carry(out, in) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.release()
		w.cut()
		work.Wait()
	})
	return w
}

// carry carries one direction.
func (w *wire) carry(from, to net.Conn) {
	type piece struct {
		b  []byte
		at time.Time
	}
	q := make(chan piece, 1024)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(q)
		for {
			b := make([]byte, 32<<10)
			n, err := from.Read(b)
			if n > 0 {
				q <- piece{b[:n], time.Now().Add(w.delay)}
			}
			if err != nil {
				return
			}
		}
	})
	for p := range q {
		w.mu.Lock()
		held := w.held
		w.mu.Unlock()
		<-held
		<-time.After(time.Until(p.at))
		if _, err := to.Write(p.b); err != nil {
			_ = from.Close()
		}
	}
	reader.Wait()
	if c, ok := to.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, from)
}

// hold holds back everything: the connection stands and is silent.
func (w *wire) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = make(chan struct{})
}

func (w *wire) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.held:
	default:
		close(w.held)
	}
}

// cut ends all connections that stand.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

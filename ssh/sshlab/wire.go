package sshlab

import (
	"errors"
	"net"
	"sync"
	"time"
)

// weather is what the line to a machine is like. A value is never changed,
// only replaced.
type weather struct {
	up, down time.Duration // how long each byte is under way, from and to the client
	frozen   chan struct{} // not nil: nothing is read or written until it is closed
	refuse   bool          // no login is accepted
	garbage  bool          // what listens is no ssh server
	cutoff   bool          // reached from other machines only
	full     bool          // nothing can be written there
	noShell  bool          // it has no /bin/sh

	cut     bool  // each connection breaks after limit more bytes to the client
	once    bool  // and only one does
	limit   int64 // bytes
	edition int64 // counts the cuts that were ordered, so that each starts anew
}

// wire is a connection as the server holds it: it delays, freezes and breaks
// as the machine's weather says. One goroutine reads and one writes.
type wire struct {
	net.Conn
	machine *Machine

	in     *belt // nil until bytes have been delayed
	out    *belt
	left   int64 // of the limit of edition
	seen   int64 // edition
	closed chan struct{}
	once   sync.Once
}

func newWire(c net.Conn, m *Machine) *wire {
	return &wire{Conn: c, machine: m, closed: make(chan struct{})}
}

var errBroken = errors.New("the line is broken")

// Read returns what the client sent, when it is due. The first delayed bytes
// start a goroutine that stamps all that follow with their time of arrival, so
// that delays do not add up.
func (w *wire) Read(p []byte) (int, error) {
	if w.in == nil {
		n, err := w.Conn.Read(p)
		up := w.machine.weather.Load().up
		if up == 0 {
			return n, errors.Join(w.gate(), err)
		}
		w.in = newBelt()
		w.in.put(p[:n], err, up)
		if err == nil && !w.machine.spawn(w.pumpIn) {
			return 0, net.ErrClosed
		}
	}
	n, err := w.in.take(p, w.closed)
	if held := w.gate(); held != nil {
		return 0, held
	}
	return n, err
}

func (w *wire) pumpIn() {
	buf := make([]byte, 32<<10)
	for {
		n, err := w.Conn.Read(buf)
		w.in.put(buf[:n], err, w.machine.weather.Load().up)
		if err != nil {
			return
		}
	}
}

// Write sends p, or takes it to be sent when it is due.
func (w *wire) Write(p []byte) (int, error) {
	if err := w.gate(); err != nil {
		return 0, err
	}
	down := w.machine.weather.Load().down
	if w.out == nil {
		if down == 0 {
			return w.send(p)
		}
		w.out = newBelt()
		if !w.machine.spawn(w.pumpOut) {
			return 0, net.ErrClosed
		}
	}
	select {
	case <-w.closed:
		return 0, net.ErrClosed
	default:
	}
	w.out.put(p, nil, down)
	return len(p), nil
}

func (w *wire) pumpOut() {
	buf := make([]byte, 32<<10)
	for {
		n, err := w.out.take(buf, w.closed)
		if err == nil {
			err = w.gate()
		}
		if err == nil {
			_, err = w.send(buf[:n])
		}
		if err != nil {
			_ = w.Close() // the reader sees it
			return
		}
	}
}

// send writes p as far as the line holds.
func (w *wire) send(p []byte) (int, error) {
	now := w.machine.weather.Load()
	if !now.cut {
		return w.Conn.Write(p)
	}
	if w.seen != now.edition {
		w.seen, w.left = now.edition, now.limit
	}
	if int64(len(p)) <= w.left {
		w.left -= int64(len(p))
		return w.Conn.Write(p)
	}
	n, err := w.Conn.Write(p[:w.left])
	w.left = 0
	if now.once {
		w.machine.mended(now.edition)
	}
	return n, errors.Join(errBroken, err, w.Close())
}

// gate holds the caller as long as the machine is frozen.
func (w *wire) gate() error {
	for {
		frozen := w.machine.weather.Load().frozen
		if frozen == nil {
			return nil
		}
		select {
		case <-frozen:
		case <-w.closed:
			return net.ErrClosed
		}
	}
}

// Close frees whoever waits. It may be called more than once, from anywhere.
func (w *wire) Close() error {
	var err error
	w.once.Do(func() {
		close(w.closed)
		err = w.Conn.Close()
	})
	return err
}

// reset closes the connection so that the client is told at once, as when a
// machine that went away is asked again.
func (w *wire) reset() {
	if t, ok := w.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // without it the client reads an end instead of a reset
	}
	_ = w.Close() // gone is all that is wanted
}

// belt carries bytes from one goroutine to another, each for as long as it is
// told, in order. It does not limit how many are under way: ssh's own windows
// do.
type belt struct {
	mu    sync.Mutex
	parts []part
	last  time.Time
	more  chan struct{} // holds one token when parts may have come
}

type part struct {
	data []byte
	err  error
	due  time.Time
}

func newBelt() *belt { return &belt{more: make(chan struct{}, 1)} }

// put copies p. Bytes never overtake earlier ones.
func (b *belt) put(p []byte, err error, delay time.Duration) {
	b.mu.Lock()
	due := time.Now().Add(delay)
	if due.Before(b.last) {
		due = b.last
	}
	b.last = due
	b.parts = append(b.parts, part{append([]byte(nil), p...), err, due})
	b.mu.Unlock()
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// take waits for the next bytes to be due. An error stays for good.
func (b *belt) take(p []byte, closed <-chan struct{}) (int, error) {
	for {
		b.mu.Lock()
		if len(b.parts) == 0 {
			b.mu.Unlock()
			select {
			case <-b.more:
				continue
			case <-closed:
				return 0, net.ErrClosed
			}
		}
		first := &b.parts[0]
		if wait := time.Until(first.due); wait > 0 {
			b.mu.Unlock()
			t := time.NewTimer(wait)
			select {
			case <-t.C:
			case <-closed:
				t.Stop()
				return 0, net.ErrClosed
			}
			continue
		}
		n := copy(p, first.data)
		first.data = first.data[n:]
		err := first.err
		if len(first.data) == 0 && err == nil {
			b.parts = b.parts[1:]
		}
		if len(first.data) > 0 {
			err = nil
		}
		b.mu.Unlock()
		if n == 0 && err == nil && len(p) > 0 {
			continue
		}
		return n, err
	}
}

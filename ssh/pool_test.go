package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestTroubles has everything behind an address that is no SSH server, or none
// that answers.
func TestTroubles(t *testing.T) {
	closed := func(t *testing.T) *net.TCPAddr {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		return l.Addr().(*net.TCPAddr)
	}
	says := func(text string) func(*testing.T) *net.TCPAddr {
		return func(t *testing.T) *net.TCPAddr {
			return serveTCP(t, func(c net.Conn) {
				_, _ = io.WriteString(c, text)
				_, _ = io.Copy(io.Discard, c)
			})
		}
	}
	for _, x := range []struct {
		name string
		at   func(*testing.T) *net.TCPAddr
		want Trouble
		says string
	}{
		{"nothing listens", closed, Refused, "connection refused"},
		{"silent", says(""), Timeout, "said nothing for 300ms"},
		{"silent after its name", says("SSH-2.0-x\r\n"), Timeout, "did not finish the login within 300ms"},
		{"hangs up", func(t *testing.T) *net.TCPAddr { return serveTCP(t, func(net.Conn) {}) }, LineLost, "closed the connection"},
		{"web server", says("HTTP/1.1 400 Bad Request\r\n\r\n" + strings.Repeat("x\n", 200000)), NotSSH, "HTTP/1.1 400 Bad Request"},
		{"a server that greets and waits", says("220 mx ESMTP\r\n"), NotSSH, "220 mx ESMTP"},
		{"mail server", says("220 mx ESMTP\x1b[2J\r\n" + strings.Repeat("z", 1<<20)), NotSSH, "220 mx ESMTP"},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := hostAt(t, "node/a", x.at(t))
			h.Timeout = 300 * time.Millisecond
			before := runtime.NumGoroutine()
			p := poolOf(t, Options{}, h)
			start := time.Now()
			err := reach(t.Context(), p, "node/a")
			var e *Error
			if !errors.As(err, &e) || e.Trouble != x.want || !strings.Contains(err.Error(), x.says) {
				t.Fatalf("%v is not %s: %s", err, x.want, x.says)
			}
			if e.Hint == "" || e.Address != h.addr() || e.Host != "node/a" || strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("%+v", e)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
		})
	}
	t.Run("no such name", func(t *testing.T) {
		p := poolOf(t, Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nas.lan", IsNotFound: true}}
		}}, Host{Name: "a", Address: "nas.lan"})
		if err := reach(t.Context(), p, "a"); !errors.Is(err, NoSuchName) || !strings.Contains(err.Error(), "nas.lan") {
			t.Error(err)
		}
	})
	t.Run("not in the inventory", func(t *testing.T) {
		p := poolOf(t, Options{})
		if err := reach(t.Context(), p, "a"); !errors.Is(err, Misconfigured) {
			t.Error(err)
		}
	})
}

func TestCancelEndsTheDial(t *testing.T) {
	accepted := make(chan struct{}, 1)
	h := hostAt(t, "a", serveTCP(t, func(c net.Conn) {
		accepted <- struct{}{}
		_, _ = io.Copy(io.Discard, c)
	}))
	before := runtime.NumGoroutine()
	p := poolOf(t, Options{}, h)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-accepted
		cancel()
	}()
	if err := reach(ctx, p, "a"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}

// TestOneDialForAll has many callers want one host: one connection is made, and
// a caller who leaves leaves it to the others.
func TestOneDialForAll(t *testing.T) {
	s := newPlainServer(t)
	gate := make(chan struct{})
	dials := make(chan struct{}, 64)
	p := poolOf(t, Options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dials <- struct{}{}
		<-gate
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}, hostAt(t, "a", s.addr, s.key))
	first, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() { left <- reach(first, p, "a") }()
	<-dials
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := reach(t.Context(), p, "a"); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all wait", func() bool {
		l := p.all()["a"]
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.flight.waiting == 21
	})
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(gate)
	wg.Wait()
	if n := len(dials); n > 0 || p.Connections() != 1 {
		t.Errorf("%d more dials, %d connections", n, p.Connections())
	}
}

// TestLeftAloneAfterAFailure holds the pauses between tries, and that Forget
// ends them.
func TestLeftAloneAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		p := poolOf(t, Options{Jitter: func() float64 { return 1 }, Dial: func(context.Context, string, string) (net.Conn, error) {
			tries++
			return nil, errors.New("broken")
		}}, Host{Name: "a", Address: "a"})
		try := func(want int) {
			t.Helper()
			if err := reach(t.Context(), p, "a"); err == nil || tries != want {
				t.Errorf("%d tries, not %d: %v", tries, want, err)
			}
		}
		try(1)
		wait := backoffMin
		for n := 1; n < 10; n++ {
			time.Sleep(wait - 1)
			try(n)
			time.Sleep(time.Nanosecond)
			try(n + 1)
			wait = min(2*wait, backoffMax)
		}
		p.Forget("a")
		try(11)
		time.Sleep(backoffMin)
		try(12) // and the pauses begin anew
	})
}

// TestFoundAtTheSecondSearch has an address looked for already when it is asked
// for: that this search finds nobody is no word on the host yet.
func TestFoundAtTheSecondSearch(t *testing.T) {
	for name, c := range map[string]struct {
		took time.Duration
		err  error
		want int
	}{
		"begun for another": {neighbourSearch - 1, syscall.EHOSTUNREACH, 2},
		"of its own":        {neighbourSearch, syscall.EHOSTUNREACH, 1},
		"refused":           {0, syscall.ECONNREFUSED, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				p := poolOf(t, Options{Dial: func(context.Context, string, string) (net.Conn, error) {
					tries++
					time.Sleep(c.took)
					return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", c.err)}
				}}, Host{Name: "a", Address: "a"})
				if err := reach(t.Context(), p, "a"); !errors.Is(err, c.err) || tries != c.want {
					t.Errorf("%d tries, not %d: %v", tries, c.want, err)
				}
			})
		})
	}
}

func TestKeepalive(t *testing.T) {
	t.Run("answered", func(t *testing.T) {
		s := newPlainServer(t)
		p := poolOf(t, Options{Keepalive: 100 * time.Millisecond}, hostAt(t, "a", s.addr, s.key))
		if err := reach(t.Context(), p, "a"); err != nil {
			t.Fatal(err)
		}
		c := kept(p, "a")
		for range 2 * maxMute {
			asked := s.asked.Load()
			eventually(t, "another question", func() bool { return s.asked.Load() > asked })
		}
		if c.dead() {
			t.Error(c.why)
		}
	})
	t.Run("not answered", func(t *testing.T) {
		s := newPlainServer(t)
		w := newWire(t, s.addr.String(), 0)
		a, err := net.ResolveTCPAddr("tcp", w.addr)
		if err != nil {
			t.Fatal(err)
		}
		p := poolOf(t, Options{Keepalive: 20 * time.Millisecond}, hostAt(t, "a", a, s.key))
		if err := reach(t.Context(), p, "a"); err != nil {
			t.Fatal(err)
		}
		c := kept(p, "a")
		w.hold()
		<-c.closed
		if !errors.Is(c.why, errNoAnswer) {
			t.Error(c.why)
		}
		w.release()
		if err := reach(t.Context(), p, "a"); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}

// TestSilentWhenUsed has a kept connection fall silent, and be used: that it is
// dead is found out then, long before the next sign of life is due.
func TestSilentWhenUsed(t *testing.T) {
	s := newPlainServer(t)
	w := newWire(t, s.addr.String(), 0)
	a, err := net.ResolveTCPAddr("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	h := hostAt(t, "a", a, s.key)
	h.Timeout = 300 * time.Millisecond
	p := poolOf(t, Options{Keepalive: time.Hour}, h)
	if err := reach(t.Context(), p, "a"); err != nil {
		t.Fatal(err)
	}
	c := kept(p, "a")
	w.hold()
	if err := reach(t.Context(), p, "a"); err != nil { // it is about to be used
		t.Fatal(err)
	}
	<-c.closed
	if !errors.Is(c.why, errNoAnswer) {
		t.Error(c.why)
	}
	w.release()
	eventually(t, "the next one", func() bool { return reach(t.Context(), p, "a") == nil })
}

// TestManyAtOnce connects many hosts while everything else that takes the
// pool's locks goes on.
func TestManyAtOnce(t *testing.T) {
	s := newPlainServer(t)
	var hosts []Host
	for i := range 60 {
		hosts = append(hosts, hostAt(t, fmt.Sprint(i), s.addr, s.key))
	}
	p := poolOf(t, Options{Keepalive: time.Hour}, hosts...)
	var stop atomic.Bool
	var busy, work sync.WaitGroup
	for range 4 {
		busy.Go(func() {
			for !stop.Load() {
				p.Connections()
				p.ping()
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, h := range hosts {
		work.Go(func() {
			if err := reach(ctx, p, h.Name); err != nil && !errors.Is(err, LineLost) {
				t.Error(err)
			}
		})
	}
	work.Wait()
	stop.Store(true)
	busy.Wait()
}

func TestClosedPool(t *testing.T) {
	s := newPlainServer(t)
	before := runtime.NumGoroutine()
	p := poolOf(t, Options{}, hostAt(t, "a", s.addr, s.key), hostAt(t, "b", s.addr, s.key))
	if err := reach(t.Context(), p, "a"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = reach(t.Context(), p, "b") }) // before or after: no connection is left
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := reach(t.Context(), p, "a"); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	if n := p.Connections(); n != 0 {
		t.Errorf("%d connections", n)
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
}

// TestErrorsSayWhatWasWaited has a caller with less time than the host: its
// error tells the caller's.
func TestErrorsSayWhatWasWaited(t *testing.T) {
	h := hostAt(t, "a", serveTCP(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }))
	h.Timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := poolOf(t, Options{}, h).Scan(ctx, "a")
	if !errors.Is(err, Timeout) || strings.Contains(err.Error(), "1m0s") || !strings.HasSuffix(err.Error(), "ms") {
		t.Error(err)
	}
}

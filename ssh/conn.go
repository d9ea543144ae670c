package ssh

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/melbahja/goph"
	gossh "golang.org/x/crypto/ssh"
)

// conn is one connection that stands, and the sessions on it.
type conn struct {
	p      *Pool
	host   Host
	client *goph.Client
	raw    net.Conn
	heard  *heardConn
	life   lifeSign

	// slots bounds the sessions side by side.
	slots  chan struct{}
	spares *spares

	once   sync.Once
	closed chan struct{}
	why    error // after closed

	mu    sync.Mutex
	open  int // sessions in use or being opened ahead, spares not counted
	mute  int // signs of life in a row that got no answer
	quick *quickConn
}

// dead reports whether the connection is known to be gone.
func (c *conn) dead() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// drop ends the connection. What runs on it ends with line lost.
func (c *conn) drop(why error) {
	c.once.Do(func() {
		c.why = why
		close(c.closed)
		// The raw connection first: a polite close could wait for a peer
		// that is not there.
		_ = c.raw.Close()
		_ = c.client.Close()
	})
}

// session is one session channel.
type session struct {
	p    *Pool
	host string
	c    *conn
	ch   gossh.Channel
	reqs <-chan *gossh.Request
	slot bool
	once sync.Once

	want  string // the login line that it was asked for, "" for none
	line  string // the one that was started on it; "" while none is
	ahead bool   // it was started before there was something to do for it
}

// session returns a session on a host: one opened ahead, or a new one. Line has
// been started on it, or nothing yet. A kept connection that turns out to be
// dead is made anew, once.
func (p *Pool) session(ctx context.Context, host, line string) (*session, error) {
	for again := true; ; again = false {
		c, err := p.connect(ctx, host)
		if err != nil {
			return nil, err
		}
		s, err := c.session(ctx, host, line)
		if err == nil {
			return s, nil
		}
		var open *gossh.OpenChannelError
		if ctx.Err() != nil || errors.As(err, &open) || !again {
			return nil, c.trouble(ctx, host, err)
		}
		p.lose(host, c, err)
	}
}

// trouble words a session that could not be opened.
func (c *conn) trouble(ctx context.Context, host string, err error) error {
	var e *Error
	var open *gossh.OpenChannelError
	switch {
	case errors.As(err, &e):
		return e
	case ctx.Err() != nil:
		return ended(ctx, host)
	case errors.As(err, &open):
		return &Error{Host: host, Address: c.host.addr(), Trouble: Forbidden, Err: err, Hint: "the server opens no session for this login: see MaxSessions and ForceCommand in its sshd_config"}
	}
	return &Error{Host: host, Address: c.host.addr(), Trouble: LineLost, Err: err, Hint: "try again"}
}

// A server that refuses a session is asked again after refusedPause, and a
// little later each time: one that was closed on this side counts there until
// its command has ended. Where nothing is open, refusedTries are enough.
const (
	refusedPause = 20 * time.Millisecond
	refusedMost  = 200 * time.Millisecond
	refusedTries = 30 // some five seconds: a loaded server is slow to end a session
)

// session takes a slot and opens a session.
func (c *conn) session(ctx context.Context, host, line string) (*session, error) {
	tries := 0
	for {
		s, err := c.acquire(ctx, host, line)
		if s != nil || err != nil {
			return s, err
		}
		s, err = c.openChannel(ctx, host)
		if err == nil {
			s.slot, s.want = true, line
			c.count(1)
			return s, nil
		}
		var refused *gossh.OpenChannelError
		again := false
		if errors.As(err, &refused) {
			if tries++; c.evict(ctx) || c.count(0) > 0 {
				tries = min(tries, refusedTries/2)
			}
			again = tries < refusedTries
		}
		if again {
			select {
			case <-time.After(min(time.Duration(tries)*refusedPause, refusedMost)):
			case <-c.closed:
			case <-ctx.Done():
				again, err = false, ctx.Err()
			}
		}
		<-c.slots
		if !again {
			return nil, err
		}
	}
}

// acquire returns a session that was opened ahead, or nil when a slot was taken
// instead.
func (c *conn) acquire(ctx context.Context, host, line string) (*session, error) {
	for {
		s := c.spares.take(line)
		if s == nil {
			select {
			case c.slots <- struct{}{}:
				return nil, nil
			default:
			}
			if c.evict(ctx) {
				continue // one that waited for something else
			}
			select {
			case <-c.spares.more:
				continue
			case c.slots <- struct{}{}:
				return nil, nil
			case <-c.closed:
				return nil, errors.New("the connection is closed")
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if s.gone() {
			s.once.Do(func() { _ = s.ch.Close(); <-c.slots })
			continue
		}
		s.host, s.want = host, line
		c.count(1)
		return s, nil
	}
}

func (c *conn) count(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	return c.open
}

// openChannel opens a session channel. Where the context ends first, what is
// opened too late is closed again.
func (c *conn) openChannel(ctx context.Context, host string) (*session, error) {
	type opened struct {
		ch   gossh.Channel
		reqs <-chan *gossh.Request
		err  error
	}
	got := make(chan opened, 1)
	go func() { // ends with the answer, or with the connection
		ch, reqs, err := c.client.OpenChannel("session", nil)
		got <- opened{ch, reqs, err}
	}()
	select {
	case o := <-got:
		if o.err != nil {
			return nil, o.err
		}
		return &session{p: c.p, host: host, c: c, ch: o.ch, reqs: o.reqs}, nil
	case <-ctx.Done():
		go func() {
			if o := <-got; o.err == nil {
				go gossh.DiscardRequests(o.reqs)
				_ = o.ch.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// gone reports whether the other side has closed the session already.
func (s *session) gone() bool {
	if s.c.dead() {
		return true
	}
	select {
	case <-s.reqs: // closed, or what was started on it has ended
		return true
	default:
		return false
	}
}

// extra opens one more session on the same connection, beside the bound: for
// ending what runs on this one.
func (s *session) extra(ctx context.Context) (*session, error) {
	return s.c.openChannel(ctx, s.host)
}

// close ends the session. Its slot is used to open the next one ahead: that
// costs a round trip now, when nobody waits for it.
func (s *session) close() {
	s.once.Do(func() {
		_ = s.ch.Close() // what is closed already is closed
		if !s.slot {
			return
		}
		c := s.c
		line, ok := c.spares.wants(s.want)
		if !ok || c.dead() || !c.p.ahead(func() { c.refill(s.host, line) }) {
			c.count(-1)
			<-c.slots
		}
	})
}

// ahead runs work of the pool's own, unless the pool is closing.
func (p *Pool) ahead(work func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	p.work.Go(work)
	return true
}

// drop ends the connection under the session.
func (s *session) drop(why error) { s.p.lose(s.host, s.c, why) }

// fail words a trouble of this session.
func (s *session) fail(t Trouble, err error, hint string) *Error {
	return &Error{Host: s.host, Address: s.c.host.addr(), Trouble: t, Err: err, Hint: hint}
}

// maxMute is how many signs of life may go without an answer: as OpenSSH's
// ServerAliveCountMax, less one, for an outage is better seen early.
const maxMute = 2

// keepalive starts the one goroutine that asks all connections for signs of
// life.
func (p *Pool) keepalive() {
	if p.o.Keepalive < 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pinger || p.ctx.Err() != nil {
		return
	}
	p.pinger = true
	p.work.Go(func() {
		t := time.NewTicker(p.o.Keepalive)
		defer t.Stop()
		for {
			select {
			case <-p.ctx.Done():
				return
			case <-t.C:
				p.ping()
			}
		}
	})
}

// ping asks every connection once, and drops those that did not answer the
// last times. The answer is waited for by a goroutine that ends with the
// connection.
func (p *Pool) ping() {
	conns := map[string]*conn{}
	for name, l := range p.all() {
		l.mu.Lock()
		if l.conn != nil {
			conns[name] = l.conn
		}
		l.mu.Unlock()
	}
	for name, c := range conns {
		c.mu.Lock()
		c.mute++
		mute := c.mute
		c.mu.Unlock()
		if mute > maxMute {
			p.lose(name, c, errNoAnswer)
			continue
		}
		if mute > 1 {
			continue // the last question is still open
		}
		go func() {
			if _, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil); err != nil {
				p.lose(name, c, err)
				return
			}
			c.mu.Lock()
			c.mute = 0
			c.mu.Unlock()
		}()
	}
}

package ssh

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/melbahja/goph"
)

// Defaults of a pool.
const (
	// DefaultSessions stays below sshd's default MaxSessions of 10: one is kept
	// for ending commands, one for whatever else the login does.
	DefaultSessions  = 8
	DefaultKeepalive = 15 * time.Second
)

// After a failed connection a host is left alone for backoffMin, then twice as
// long each time up to backoffMax, half of it by chance: a fleet that comes
// back is not met by all its askers at once.
const (
	backoffMin = time.Second
	backoffMax = time.Minute
)

// Options says how a pool works. The zero Options are good.
type Options struct {
	Sessions  int           // side by side on one host; 0 is DefaultSessions
	Keepalive time.Duration // between two signs of life; 0 is DefaultKeepalive, less than 0 none
	// Dial opens TCP connections; nil is net.Dialer's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	Now  func() time.Time // nil is time.Now
	// Jitter returns a number from 0 to 1; nil is math/rand's.
	Jitter func() float64
	// Prompt asks a person for the passphrase of a key that a host would take,
	// one at a time; nil never asks.
	Prompt Prompt
	Log    *slog.Logger
}

func (o Options) filled() Options {
	if o.Sessions <= 0 {
		o.Sessions = DefaultSessions
	}
	if o.Keepalive == 0 {
		o.Keepalive = DefaultKeepalive
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{KeepAlive: -1}).DialContext // signs of life are ssh's own
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Pool keeps one connection a host. It is safe for concurrent use.
type Pool struct {
	resolve Resolver
	o       Options
	known   knownCache
	ring    keyring

	ctx    context.Context // ends with the pool
	cancel context.CancelFunc
	work   sync.WaitGroup // goroutines of the pool itself

	mu     sync.Mutex
	lines  map[string]*line
	pinger bool
}

// NewPool returns a pool that finds hosts with r.
func NewPool(r Resolver, o Options) *Pool {
	p := &Pool{resolve: r, o: o.filled(), lines: map[string]*line{}}
	p.ring.prompt, p.ring.now, p.ring.asking = p.o.Prompt, p.o.Now, make(chan struct{}, 1)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Close ends all connections and waits for what the pool itself does. Jobs on
// the hosts go on.
func (p *Pool) Close() error {
	p.cancel()
	for _, l := range p.all() {
		l.mu.Lock()
		c := l.conn
		l.conn = nil
		l.mu.Unlock()
		if c != nil {
			c.drop(errClosed)
		}
	}
	p.work.Wait()
	return p.ring.close()
}

var errClosed = errors.New("the pool is closed")

// Client returns the connection to a host, for what runs over it besides
// commands. It stays the pool's: release says that the caller is done.
func (p *Pool) Client(ctx context.Context, host string) (c *goph.Client, release func(), err error) {
	k, err := p.connect(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	return k.client, func() {}, nil
}

// all returns the lines of all hosts. A line's lock may be held when the pool's
// is taken, never the other way round: hence a copy.
func (p *Pool) all() map[string]*line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.lines)
}

// Forget makes the pool try a host again at once that it leaves alone since a
// connection to it failed, and ask again for what it was not given.
func (p *Pool) Forget(host string) {
	p.ring.forget()
	p.mu.Lock()
	l := p.lines[host]
	p.mu.Unlock()
	if l != nil {
		l.mu.Lock()
		l.failed, l.fails = nil, 0
		l.mu.Unlock()
	}
}

// Connections returns how many connections stand.
func (p *Pool) Connections() int {
	n := 0
	for _, l := range p.all() {
		l.mu.Lock()
		if l.conn != nil {
			n++
		}
		l.mu.Unlock()
	}
	return n
}

// line is the way to one host: a connection, the making of one, or the memory
// of a failure.
type line struct {
	mu     sync.Mutex
	conn   *conn
	flight *flight
	failed error
	again  time.Time // not before
	fails  int
	heard  atomic.Int64 // reads that brought something, of all connections there were
}

// lineOf returns the way to a host.
func (p *Pool) lineOf(host string) *line {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[host]
	if l == nil {
		l = &line{}
		p.lines[host] = l
	}
	return l
}

// flight is a connection being made for everybody who waits for it.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	conn    *conn
	err     error
}

// connect returns the connection to a host and makes it where there is none.
func (p *Pool) connect(ctx context.Context, host string) (*conn, error) {
	l := p.lineOf(host)
	l.mu.Lock()
	if l.conn != nil && !l.conn.dead() {
		defer l.mu.Unlock()
		p.askForLife(host, l.conn)
		return l.conn, nil
	}
	l.conn = nil
	if l.flight == nil {
		if l.failed != nil && p.o.Now().Before(l.again) {
			defer l.mu.Unlock()
			return nil, l.failed
		}
		f := &flight{done: make(chan struct{})}
		if !p.launch(l, f, host) {
			defer l.mu.Unlock()
			return nil, &Error{Host: host, Trouble: LineLost, Err: errClosed}
		}
		l.flight = f
	}
	f := l.flight
	f.waiting++
	l.mu.Unlock()

	select {
	case <-f.done:
		return f.conn, f.err
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		if f.waiting--; f.waiting == 0 {
			f.cancel() // nobody wants it any more
			if l.flight == f {
				l.flight = nil
			}
		}
		return nil, ended(ctx, host)
	}
}

// ended words a context that ended while a host was being reached.
func ended(ctx context.Context, host string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Host: host, Trouble: Timeout, Err: ctx.Err(), Hint: hintSlow(host)}
	}
	return &Error{Host: host, Trouble: LineLost, Err: ctx.Err()}
}

// launch makes a connection, unless the pool is closed. Called with the line
// locked.
func (p *Pool) launch(l *line, f *flight, host string) bool {
	ctx, cancel := context.WithCancel(p.ctx)
	f.cancel = cancel
	launched := p.ahead(func() {
		defer cancel()
		c, err := p.dial(ctx, host)
		l.mu.Lock()
		defer l.mu.Unlock()
		defer close(f.done)
		wanted := l.flight == f
		if wanted {
			l.flight = nil
		}
		if c != nil && (!wanted || p.ctx.Err() != nil) { // it was given up, or the pool was, meanwhile
			c.drop(errClosed)
			c, err = nil, &Error{Host: host, Address: c.host.addr(), Trouble: LineLost, Err: errClosed}
		}
		f.conn, f.err = c, err
		if wanted {
			p.settle(l, c, err)
		}
	})
	if !launched {
		cancel()
	}
	return launched
}

// settle keeps what came of a flight. Called with the line locked.
func (p *Pool) settle(l *line, c *conn, err error) {
	if err == nil {
		l.conn, l.failed, l.fails = c, nil, 0
		p.keepalive()
		return
	}
	wait := min(backoffMin<<min(l.fails, 10), backoffMax)
	l.fails++
	l.failed = err
	l.again = p.o.Now().Add(wait/2 + time.Duration(float64(wait/2)*p.o.Jitter()))
}

// lose takes a connection out of use that turned out to be dead.
func (p *Pool) lose(host string, c *conn, why error) {
	p.mu.Lock()
	l := p.lines[host]
	p.mu.Unlock()
	if l != nil {
		l.mu.Lock()
		if l.conn == c {
			l.conn = nil
		}
		l.mu.Unlock()
	}
	c.drop(why)
}

// base returns a host's name as a person types it: "node/nas1" is nas1.
func base(host string) string {
	for i := len(host) - 1; i >= 0; i-- {
		if host[i] == '/' {
			return host[i+1:]
		}
	}
	return host
}

package ssh

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// Dial opens a TCP connection to addr as seen from a host, which also looks up
// its name. Deadlines of the connection work by closing it.
func (p *Pool) Dial(ctx context.Context, host, network, addr string) (net.Conn, error) {
	if err := dialable(network, addr); err != nil {
		return nil, &Error{Host: host, Address: addr, Trouble: Misconfigured, Err: err}
	}
	for again := true; ; again = false {
		c, err := p.connect(ctx, host)
		if err != nil {
			return nil, err
		}
		k, err := c.forward(ctx, network, addr)
		if err == nil {
			return k, nil
		}
		if again && ctx.Err() == nil && lineIsLost(err) {
			p.lose(host, c, err) // a kept connection that was dead
			continue
		}
		return nil, forwardError(ctx, host, addr, err)
	}
}

// dialable finds mistakes of the caller, so that what fails later is the line.
func dialable(network, addr string) error {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return net.UnknownNetworkError(network)
	}
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return err
}

// lineIsLost tells a connection that is gone from a server that opens no
// channel: only the latter answers.
func lineIsLost(err error) bool {
	var refused *gossh.OpenChannelError
	return !errors.As(err, &refused)
}

func (c *conn) forward(ctx context.Context, network, addr string) (net.Conn, error) {
	k, err := c.client.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &channelConn{Conn: k}, nil
}

// forwardError words a connection that a host could not or would not make for
// us. sshd says why in words (channels.c, serverloop.c).
func forwardError(ctx context.Context, host, addr string, err error) *Error {
	e := &Error{Host: host, Address: addr, Err: innermost(err)}
	var open *gossh.OpenChannelError
	if !errors.As(err, &open) {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			e.Trouble, e.Err, e.Hint = Timeout, ctx.Err(), hintSlow(host)
			return e
		}
		e.Trouble, e.Hint = LineLost, hintAgain(host)
		return e
	}
	if open.Message != "" {
		e.Err = errors.New(string(Clean([]byte(open.Message), 256)))
	}
	text := strings.ToLower(open.Message)
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case open.Reason == gossh.Prohibited:
		e.Trouble, e.Hint = Forbidden, "AllowTcpForwarding in the sshd_config of "+base(host)
	case has("refused"):
		e.Trouble = Refused
	case has("timed out"), has("timeout"):
		e.Trouble = Timeout
	case has("resolve"), has("not known"), has("no address"), has("no such host"):
		e.Trouble = NoSuchName
	default:
		// A plain "open failed" is what sshd says of most failures to connect.
		e.Trouble = NoRoute
		if has("open failed") || has("connect failed") {
			e.Trouble = Refused
		}
	}
	return e
}

// channelConn gives a channel the deadlines that net.Conn promises: when one
// passes the channel is closed, for it has no other way to stop waiting.
type channelConn struct {
	net.Conn
	mu    sync.Mutex
	timer *time.Timer
	late  bool
}

// SetDeadline ends the connection at t; the zero time takes that back.
func (c *channelConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if !t.IsZero() {
		c.timer = time.AfterFunc(time.Until(t), func() {
			c.mu.Lock()
			c.late = true
			c.mu.Unlock()
			_ = c.Conn.Close()
		})
	}
	return nil
}

// SetReadDeadline is SetDeadline: the connection ends as a whole.
func (c *channelConn) SetReadDeadline(t time.Time) error { return c.SetDeadline(t) }

// SetWriteDeadline is SetDeadline: the connection ends as a whole.
func (c *channelConn) SetWriteDeadline(t time.Time) error { return c.SetDeadline(t) }

// Read says so when it ended because a deadline passed.
func (c *channelConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.word(err)
}

// Write says so when it ended because a deadline passed.
func (c *channelConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.word(err)
}

func (c *channelConn) word(err error) error {
	if err == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.late {
		return os.ErrDeadlineExceeded
	}
	return err
}

// Close closes the channel and forgets its deadline.
func (c *channelConn) Close() error {
	c.mu.Lock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

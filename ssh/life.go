package ssh

import (
	"net"
	"sync/atomic"
	"time"
)

// heardConn counts what arrives, by itself and of its host.
type heardConn struct {
	net.Conn
	reads atomic.Int64
	host  *atomic.Int64
}

func (h *heardConn) Read(b []byte) (int, error) {
	n, err := h.Conn.Read(b)
	h.reads.Add(1)
	if n > 0 {
		h.host.Add(1)
	}
	return n, err
}

// Heard returns a number that grows with whatever is heard of a host, over the
// connection to it or while one is made. As long as it stays the host is silent.
func (p *Pool) Heard(host string) int64 {
	return p.lineOf(host).heard.Load()
}

// lifeSign is the question to a kept connection whether it still is one.
type lifeSign struct {
	asking   atomic.Bool
	asked    atomic.Int64
	answered atomic.Int64 // the last question that was
}

// askForLife asks a kept connection that is about to be used for a sign of life.
// A host that has lost its power answers nothing, and without the question it
// would be found out only by the signs that are asked for at long intervals:
// whoever waits for it would wait as long. One that lets nothing be heard for as
// long as a connection may take to be made is lost. A long answer under way is a
// sign as well.
func (p *Pool) askForLife(host string, c *conn) {
	if p.o.Keepalive < 0 || !c.life.asking.CompareAndSwap(false, true) {
		return
	}
	question := c.life.asked.Add(1)
	limit := c.host.Timeout
	if limit <= 0 {
		limit = DefaultTimeout
	}
	t := p.unlessHeard(host, c, question, limit)
	// It ends with the connection.
	go func() {
		_, _, err := c.client.SendRequest("keepalive@openssh.com", true, nil)
		c.life.answered.Store(question)
		t.Stop()
		c.life.asking.Store(false)
		if err != nil {
			p.lose(host, c, err)
		}
	}()
}

// unlessHeard drops a connection after a time, unless the question was answered
// or anything else was heard meanwhile.
func (p *Pool) unlessHeard(host string, c *conn, question int64, limit time.Duration) *time.Timer {
	before := c.heard.reads.Load()
	return time.AfterFunc(limit, func() {
		switch {
		case c.dead() || c.life.answered.Load() >= question:
		case c.heard.reads.Load() != before:
			p.unlessHeard(host, c, question, limit)
		default:
			p.lose(host, c, errNoAnswer)
		}
	})
}

package check

import (
	"bytes"
	"fmt"
	"net"
	"sync"

	"jurymast/actions"
)

// firstWords keeps the first bytes that a server said. One that speaks before it
// is asked is no HTTP server, and net/http then says only that the connection
// is gone.
type firstWords struct {
	net.Conn
	mu   sync.Mutex
	said []byte
}

const firstWordsMax = 64

// Read reads, and keeps the first of it.
func (g *firstWords) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	if room := firstWordsMax - len(g.said); room > 0 {
		g.said = append(g.said, b[:min(n, room)]...)
	}
	return n, err
}

// judge turns a connection that net/http gave up into what it was, where the
// server has said something else than HTTP.
func (g *firstWords) judge(a *actions.ProbeAnswer) {
	if g == nil || a.Why != actions.ProbeClosed && a.Why != actions.ProbeOther {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.said) == 0 || bytes.HasPrefix(g.said, []byte("HTTP/")) {
		return
	}
	line, _, _ := bytes.Cut(g.said, []byte("\n"))
	a.Why, a.Err = actions.ProbeNotHTTP, clean(fmt.Sprintf("what answered does not speak HTTP: it said %q", bytes.TrimRight(line, "\r")))
}

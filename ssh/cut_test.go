package ssh

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"jurymast/ssh/sshlab"
)

// cutter is a connection that is cut at the next thing that is said over it.
type cutter struct {
	net.Conn
	armed atomic.Int32 // 1: what is said is refused; 2: it seems to go, and nobody hears it
}

func (c *cutter) Write(b []byte) (int, error) {
	switch c.armed.Swap(0) {
	case 1:
		_ = c.Conn.Close()
		return 0, io.ErrClosedPipe
	case 2:
		_ = c.Conn.Close()
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// TestCutBeforeTheShell cuts a kept line as a shell is asked for on a session
// that was opened ahead: the command is run, over another line, and once.
func TestCutBeforeTheShell(t *testing.T) {
	for name, how := range map[string]int32{"refused": 1, "unheard": 2} {
		t.Run(name, func(t *testing.T) {
			lab, err := sshlab.Start(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := lab.Close(); err != nil {
					t.Error(err)
				}
			})
			m, err := lab.Add(sshlab.Host{Name: "a", User: "u"})
			if err != nil {
				t.Fatal(err)
			}
			at, port, err := net.SplitHostPort(m.Addr())
			if err != nil {
				t.Fatal(err)
			}
			h := Host{Name: "a", Address: at, User: "u", HostKeyAlias: "a", KnownHosts: []string{lab.KnownHosts()}, Identities: []string{lab.Identity()}}
			if h.Port, err = strconv.Atoi(port); err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var lines []*cutter
			p := poolOf(t, Options{Keepalive: -1, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				mu.Lock()
				defer mu.Unlock()
				lines = append(lines, &cutter{Conn: c})
				return lines[len(lines)-1], nil
			}}, h)
			if _, err := p.Run(t.Context(), "a", Command{Text: ":"}); err != nil {
				t.Fatal(err)
			}
			k := kept(p, "a")
			eventually(t, "a session without a shell waits", func() bool {
				k.spares.mu.Lock()
				defer k.spares.mu.Unlock()
				return k.spares.has("")
			})
			lines[0].armed.Store(how)
			ran := filepath.Join(t.TempDir(), "ran")
			o, err := p.Run(t.Context(), "a", Command{Text: "echo once >>'" + ran + "'; echo here"})
			if err != nil || string(o.Stdout) != "here\n" {
				t.Errorf("%q, %v", o.Stdout, err)
			}
			if b, err := os.ReadFile(ran); err != nil || strings.Count(string(b), "once") != 1 || len(lines) != 2 {
				t.Errorf("it ran as %q, over %d lines: %v", b, len(lines), err)
			}
		})
	}
}

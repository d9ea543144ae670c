package ssh

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// chain is real servers, each but the first reached through those before it.
func chain(t *testing.T, n int, settings ...string) (*Pool, []*Host) {
	t.Helper()
	hosts := make([]*Host, n)
	for i := range hosts {
		hosts[i] = realHost(t, settings...)
		hosts[i].Name = fmt.Sprintf("node/%d", i)
		if i > 0 {
			hosts[i].Jump = []string{hosts[i-1].Name}
		}
	}
	p := NewPool(func(name string) (Host, error) {
		for _, h := range hosts {
			if h.Name == name {
				return *h, nil
			}
		}
		return Host{}, fmt.Errorf("there is no host %q", name)
	}, Options{})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, hosts
}

func TestJump(t *testing.T) {
	says := func(t *testing.T, p *Pool, host string) {
		t.Helper()
		o, err := p.Run(t.Context(), host, Command{Text: "echo $SSH_CONNECTION"})
		if err != nil || o.Exit != 0 || len(o.Stdout) < 10 {
			t.Errorf("%+v, %v", o, err)
		}
	}
	t.Run("each through the one before", func(t *testing.T) {
		p, hosts := chain(t, 3)
		says(t, p, hosts[2].Name)
		if n := p.Connections(); n != 3 {
			t.Errorf("%d connections", n)
		}
		keys, err := p.Scan(t.Context(), hosts[2].Name)
		if err != nil || len(keys) != 1 || keys[0].State != KeyTrusted {
			t.Errorf("%+v, %v", keys, err)
		}
	})
	t.Run("a list", func(t *testing.T) {
		p, hosts := chain(t, 3)
		hosts[1].Jump = nil
		hosts[2].Jump = []string{hosts[0].Name, hosts[1].Name}
		says(t, p, hosts[2].Name)
	})
	t.Run("the first one is down", func(t *testing.T) {
		p, hosts := chain(t, 3)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		hosts[0].Port = l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = p.Run(t.Context(), hosts[2].Name, Command{})
		var e *Error
		if !errors.As(err, &e) || e.Trouble != Refused || e.Host != hosts[2].Name || e.Via != hosts[0].Name || e.Address != hosts[0].addr() {
			t.Errorf("%+v", e)
		}
	})
	t.Run("the last one is down", func(t *testing.T) {
		p, hosts := chain(t, 2)
		hosts[1].Port = 1
		_, err := p.Run(t.Context(), hosts[1].Name, Command{})
		var e *Error
		if !errors.As(err, &e) || e.Trouble != Refused || !strings.Contains(err.Error(), "as seen from "+hosts[0].Name) || e.Hint == "" {
			t.Errorf("%+v", e)
		}
	})
	t.Run("the first one has gone and come back", func(t *testing.T) {
		p, hosts := chain(t, 2)
		if err := reach(t.Context(), p, hosts[0].Name); err != nil {
			t.Fatal(err)
		}
		_ = kept(p, hosts[0].Name).raw.Close()
		says(t, p, hosts[1].Name)
	})
	t.Run("forwarding is forbidden", func(t *testing.T) {
		p, hosts := chain(t, 2, "AllowTcpForwarding no")
		_, err := p.Run(t.Context(), hosts[1].Name, Command{})
		var e *Error
		if !errors.As(err, &e) || e.Trouble != Forbidden || e.Via != hosts[0].Name {
			t.Errorf("%+v", e)
		}
	})
	t.Run("one deadline for all", func(t *testing.T) {
		p, hosts := chain(t, 2)
		silent := serveTCP(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
		hosts[1].Port, hosts[1].Timeout = silent.Port, 500*time.Millisecond
		_, err := p.Run(t.Context(), hosts[1].Name, Command{})
		var e *Error
		if !errors.As(err, &e) || e.Trouble != Timeout || e.Hint == "" {
			t.Errorf("%+v", e)
		}
	})
}

// TestJumpLoop has hosts lead to each other, wanted one after the other and all
// at once.
func TestJumpLoop(t *testing.T) {
	hosts := []Host{
		{Name: "a", Address: "a", Jump: []string{"b"}},
		{Name: "b", Address: "b", Jump: []string{"c"}},
		{Name: "c", Address: "c", Jump: []string{"a"}},
		{Name: "self", Address: "self", Jump: []string{"self"}},
		{Name: "list", Address: "list", Jump: []string{"x", "list"}},
		{Name: "x", Address: "x"},
	}
	p := poolOf(t, Options{}, hosts...)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for _, h := range hosts[:5] {
		wg.Go(func() {
			if err := reach(ctx, p, h.Name); !errors.Is(err, Misconfigured) || !strings.Contains(err.Error(), "back to itself") {
				t.Errorf("%s: %v", h.Name, err)
			}
		})
	}
	wg.Wait()
}

func TestDial(t *testing.T) {
	r, host := realPool(t)
	web := serveTCP(t, func(c net.Conn) {
		if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = fmt.Fprintf(c, "HTTP/1.0 200 OK\r\n\r\nhello %s", q.URL.Path)
		}
	})
	silent := serveTCP(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		return r.Dial(ctx, host, network, addr)
	}
	t.Run("a web page", func(t *testing.T) {
		tr := &http.Transport{DialContext: dial}
		defer tr.CloseIdleConnections()
		answer, err := (&http.Client{Transport: tr}).Get("http://" + web.String() + "/there")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		if b, err := io.ReadAll(answer.Body); err != nil || string(b) != "hello /there" {
			t.Errorf("%q, %v", b, err)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		c, err := dial(t.Context(), "tcp", silent.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		_, err := dial(t.Context(), "tcp", "127.0.0.1:1")
		if !errors.Is(err, Refused) {
			t.Error(err)
		}
	})
	t.Run("no address", func(t *testing.T) {
		before := kept(r.Pool, host)
		for _, addr := range []string{"127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"} {
			if _, err := dial(t.Context(), "tcp", addr); !errors.Is(err, Misconfigured) {
				t.Errorf("%s: %v", addr, err)
			}
		}
		if _, err := dial(t.Context(), "udp", "127.0.0.1:53"); !errors.Is(err, Misconfigured) {
			t.Error(err)
		}
		if before.dead() || kept(r.Pool, host) != before {
			t.Error("a mistake of the caller has cost everybody the connection")
		}
	})
	t.Run("forbidden", func(t *testing.T) {
		r, host := realPool(t, "AllowTcpForwarding no")
		_, err := r.Dial(t.Context(), host, "tcp", web.String())
		if !errors.Is(err, Forbidden) {
			t.Error(err)
		}
	})
}

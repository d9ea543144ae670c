package ssh

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// plainServer is an SSH server in this process that lets everybody in and does
// nothing for them: for what only the connection itself decides.
type plainServer struct {
	addr  *net.TCPAddr
	key   gossh.PublicKey
	asked atomic.Int32 // for signs of life
}

func newPlainServer(t testing.TB) *plainServer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &gossh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(signer)
	s := &plainServer{key: signer.PublicKey()}
	s.addr = serveTCP(t, func(c net.Conn) {
		_, chans, reqs, err := gossh.NewServerConn(c, config)
		if err != nil {
			return
		}
		var work sync.WaitGroup
		defer work.Wait()
		work.Go(func() {
			for r := range reqs {
				s.asked.Add(1)
				_ = r.Reply(false, nil)
			}
		})
		for ch := range chans {
			_ = ch.Reject(gossh.Prohibited, "not here")
		}
	})
	return s
}

// serveTCP serves connections on loopback until the test ends, and then ends
// those that stand.
func serveTCP(t testing.TB, serve func(net.Conn)) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			work.Go(func() {
				defer func() { _ = c.Close() }()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		work.Wait()
	})
	return l.Addr().(*net.TCPAddr)
}

// hostAt is a host at an address, which is known by any of these keys.
func hostAt(t testing.TB, name string, a *net.TCPAddr, keys ...gossh.PublicKey) Host {
	t.Helper()
	known := filepath.Join(t.TempDir(), "known_hosts")
	var text []byte
	for _, k := range keys {
		text = append(text, fmt.Sprintf("[127.0.0.1]:%d ", a.Port)...)
		text = append(text, gossh.MarshalAuthorizedKey(k)...)
	}
	if err := os.WriteFile(known, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return Host{Name: name, Address: "127.0.0.1", Port: a.Port, User: "u", KnownHosts: []string{known}}
}

// poolOf returns a pool that knows these hosts, and ends with the test.
func poolOf(t testing.TB, o Options, hosts ...Host) *Pool {
	t.Helper()
	p := NewPool(func(name string) (Host, error) {
		for _, h := range hosts {
			if h.Name == name {
				return h, nil
			}
		}
		return Host{}, fmt.Errorf("there is no host %q", name)
	}, o)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// reach connects to a host.
func reach(ctx context.Context, p *Pool, host string) error {
	_, release, err := p.Client(ctx, host)
	if err == nil {
		release()
	}
	return err
}

// kept returns the connection that a pool keeps to a host, nil for none.
func kept(p *Pool, host string) *conn {
	l := p.all()[host]
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}
